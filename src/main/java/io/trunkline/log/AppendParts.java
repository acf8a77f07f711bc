package io.trunkline.log;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The appends within a {@link SharedAppend} that are written on terms, by column, as the append functions take them.
 * The columns of an identity that none of them has are null.
 */
final class AppendParts {
    /** Stands for a number that an append does not have. */
    private static final int NONE = -1;

    private static final int KEY_BYTES = 16;

    /**
     * One of the appends.
     *
     * @param batch the index of its batch
     * @param append its index within the batch
     * @param first how many records of the batch come before it
     */
    private record Place(int batch, int append, int first, PartitionAppend part) {
        @Nullable
        ProducerBatch producer() {
            return part.identity().orElse(null) instanceof ProducerBatch producer ? producer : null;
        }

        @Nullable
        ProduceKey key() {
            return part.identity().orElse(null) instanceof ProduceKey key ? key : null;
        }
    }

    private final List<Place> places;
    private final boolean hasProducers;
    private final boolean hasKeys;
    private final boolean hasExpectedEnds;

    private AppendParts(List<Place> places) {
        this.places = places;
        hasProducers = places.stream().anyMatch(place -> place.producer() != null);
        hasKeys = places.stream().anyMatch(place -> place.key() != null);
        hasExpectedEnds =
                places.stream().anyMatch(place -> place.part().expectedEnd().isPresent());
    }

    /** Those among the appends of batches; empty when no append has terms. */
    static Optional<AppendParts> of(List<List<QueuedAppend>> batches) {
        List<Place> places = new ArrayList<>();
        for (int batch = 0; batch < batches.size(); batch++) {
            int first = 0;
            List<QueuedAppend> appends = batches.get(batch);
            for (int append = 0; append < appends.size(); append++) {
                PartitionAppend part = appends.get(append).append();
                if (part.hasTerms()) {
                    places.add(new Place(batch, append, first, part));
                }
                first += part.records().count();
            }
        }
        return places.isEmpty() ? Optional.empty() : Optional.of(new AppendParts(places));
    }

    int count() {
        return places.size();
    }

    /** The index of the batch that a part belongs to. */
    int batch(int part) {
        return places.get(part).batch();
    }

    /** The index of a part within its batch. */
    int append(int part) {
        return places.get(part).append();
    }

    Optional<AppendIdentity> identity(int part) {
        return places.get(part).part().identity();
    }

    /** The batch of each part, counted from 1. */
    int[] batches() {
        return ints(place -> place.batch() + 1);
    }

    /** How many records of its batch come before each part. */
    int[] firsts() {
        return ints(Place::first);
    }

    int[] counts() {
        return ints(place -> place.part().records().count());
    }

    long @Nullable [] expectedEnds() {
        return hasExpectedEnds ? longs(place -> place.part().expectedEnd().orElse(NONE)) : null;
    }

    long @Nullable [] producerIds() {
        return hasProducers
                ? longs(place ->
                        place.producer() == null ? NONE : place.producer().producerId())
                : null;
    }

    int @Nullable [] producerEpochs() {
        return hasProducers
                ? ints(place ->
                        place.producer() == null ? NONE : place.producer().epoch())
                : null;
    }

    int @Nullable [] baseSequences() {
        return hasProducers
                ? ints(place ->
                        place.producer() == null ? NONE : place.producer().baseSequence())
                : null;
    }

    /** The ids of keys, null where a part has none. */
    byte @Nullable [] @Nullable [] keyIds() {
        return ofKeys(key -> bytes(key.id()));
    }

    byte @Nullable [] @Nullable [] fingerprints() {
        return ofKeys(ProduceKey::fingerprint);
    }

    private byte @Nullable [] @Nullable [] ofKeys(Function<ProduceKey, byte[]> value) {
        if (!hasKeys) {
            return null;
        }
        byte[] @Nullable [] all = new byte[places.size()][];
        for (int i = 0; i < all.length; i++) {
            ProduceKey key = places.get(i).key();
            all[i] = key == null ? null : value.apply(key);
        }
        return all;
    }

    int @Nullable [] partitionCounts() {
        return hasKeys
                ? ints(place -> place.key() == null ? NONE : place.key().plan().partitionCount())
                : null;
    }

    int @Nullable [] maxMessageBytes() {
        return hasKeys
                ? ints(place -> place.key() == null ? NONE : place.key().plan().maxMessageBytes())
                : null;
    }

    /** An id as the database has it. */
    static byte[] bytes(UUID id) {
        return ByteBuffer.allocate(KEY_BYTES)
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits())
                .array();
    }

    private int[] ints(ToIntFunction<Place> value) {
        return places.stream().mapToInt(value).toArray();
    }

    private long[] longs(ToLongFunction<Place> value) {
        return places.stream().mapToLong(value).toArray();
    }
}
