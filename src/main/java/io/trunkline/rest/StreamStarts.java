package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.log.Logs;
import io.trunkline.log.OffsetRange;
import io.trunkline.topic.Topic;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import jakarta.inject.Singleton;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Where streams of topics begin. */
@Singleton
class StreamStarts {
    /** So many partitions are searched for a time at once: each is a search in PostgreSQL. */
    private static final int AT_ONCE = 8;

    private final Topics topics;
    private final Logs logs;

    StreamStarts(Topics topics, Logs logs) {
        this.topics = topics;
        this.logs = logs;
    }

    /** Where a client wants a stream to begin. */
    sealed interface From {
        /** At the first record that is kept. */
        record Earliest() implements From {}

        /** Behind the last record. */
        record Latest() implements From {}

        /** At the first record that is not older, in milliseconds since 1970. */
        record Time(long millis) implements From {}

        /** At an offset of the one partition. */
        record At(long offset) implements From {}

        /** Where another stream has ended. */
        record Resume(Cursor cursor) implements From {}

        /**
         * What a request says, of which a cursor counts before everything else: a client that connects again repeats what it said
         * first.
         *
         * @throws TrunklineException {@code INVALID_PARAMETER} or {@code INVALID_CURSOR}
         */
        static From of(
                @Nullable String lastEventId, @Nullable String cursor, @Nullable String from, OptionalLong offset) {
            if (from != null && offset.isPresent()) {
                throw new TrunklineException(ErrorCode.INVALID_PARAMETER, "Give from or offset, not both.");
            }
            From first = offset.isPresent() ? new At(offset.getAsLong()) : from == null ? new Earliest() : of(from);
            if (lastEventId != null && !lastEventId.isBlank()) {
                return new Resume(Cursor.parse(lastEventId.strip()));
            }
            return cursor == null ? first : new Resume(Cursor.parse(cursor));
        }

        private static From of(String text) {
            switch (text) {
                case "earliest" -> {
                    return new Earliest();
                }
                case "latest" -> {
                    return new Latest();
                }
                default -> {
                    return new Time(time(text));
                }
            }
        }

        private static long time(String text) {
            try {
                if (text.chars().allMatch(Character::isDigit)) {
                    return Long.parseLong(text);
                }
                // A plus sign in a query may have become a space.
                Instant time = OffsetDateTime.parse(text.replace(' ', '+')).toInstant();
                if (time.isBefore(Instant.EPOCH)) {
                    throw badTime();
                }
                return time.toEpochMilli();
            } catch (DateTimeException | NumberFormatException | ArithmeticException e) {
                throw badTime();
            }
        }

        private static TrunklineException badTime() {
            return new TrunklineException(
                    ErrorCode.INVALID_PARAMETER,
                    "The parameter from must be earliest, latest, a time such as 2026-01-31T12:00:00Z, or milliseconds"
                            + " since 1970.");
        }
    }

    /**
     * Where a stream begins. Fails with {@code TOPIC_NOT_FOUND}, {@code PARTITION_NOT_FOUND}, {@code INVALID_CURSOR}, and
     * {@code INVALID_PARAMETER} for a topic with too many partitions.
     *
     * @param partition of a stream of one; empty for all
     * @param gone whether nobody wants to know any more, which ends what takes long
     */
    CompletableFuture<TopicSource.Start> find(TopicName name, OptionalInt partition, From from, BooleanSupplier gone) {
        return switch (from) {
            case From.Resume(Cursor cursor) -> resume(name, partition, cursor);
            case From.Time(long millis) ->
                topic(name, partition)
                        .thenCompose(topic -> times(topic, partitions(topic, partition), millis, gone)
                                .thenApply(offsets -> new TopicSource.Start(topic, partition, offsets, false)));
            default -> topic(name, partition).thenCompose(topic -> begin(topic, partition, from, false));
        };
    }

    private CompletableFuture<Topic> topic(TopicName name, OptionalInt partition) {
        return topics.get(name)
                .thenCompose(topic -> partition.isEmpty() || topic.hasPartition(partition.getAsInt())
                        ? CompletableFuture.completedFuture(topic)
                        : topics.recent(name));
    }

    private CompletableFuture<TopicSource.Start> resume(TopicName name, OptionalInt partition, Cursor cursor) {
        cursor.checkName(name);
        cursor.checkScope(partition);
        return topic(name, partition)
                // Another replica may have added partitions, or a new topic, that this one does not know of yet.
                .thenCompose(topic -> cursor.isOf(topic) && cursor.partitionCount() <= topic.partitionCount()
                        ? CompletableFuture.completedFuture(topic)
                        : topics.fresh(name))
                .thenCompose(topic -> {
                    if (!cursor.isOf(topic)) {
                        return begin(topic, partition, new From.Earliest(), true);
                    }
                    cursor.checkOrigin(topic);
                    Map<Integer, Long> offsets = new HashMap<>();
                    partitions(topic, partition).forEach(number -> offsets.put(number, cursor.offset(number)));
                    return CompletableFuture.completedFuture(new TopicSource.Start(topic, partition, offsets, false));
                });
    }

    /** The numbers of the partitions that a stream has. */
    private static List<Integer> partitions(Topic topic, OptionalInt partition) {
        if (partition.isPresent()) {
            topic.partitionId(partition.getAsInt()); // which it has to have
            return List.of(partition.getAsInt());
        }
        TopicSource.checkCount(topic);
        List<Integer> numbers = new ArrayList<>();
        for (int number = 0; number < topic.partitionCount(); number++) {
            numbers.add(number);
        }
        return numbers;
    }

    private CompletableFuture<TopicSource.Start> begin(
            Topic topic, OptionalInt partition, From from, boolean recreated) {
        List<Integer> numbers = partitions(topic, partition);
        CompletableFuture<Map<Integer, Long>> offsets = switch (from) {
            case From.Earliest earliest -> ends(topic, numbers, OffsetRange::logStartOffset);
            case From.Latest latest -> ends(topic, numbers, OffsetRange::endOffset);
            case From.At(long offset) -> at(topic, numbers.getFirst(), offset);
            case From.Time time -> throw new IllegalStateException("a time is searched for");
            case From.Resume resume -> throw new IllegalStateException("a cursor says where it goes on");
        };
        return offsets.thenApply(found -> new TopicSource.Start(topic, partition, found, recreated));
    }

    private CompletableFuture<Map<Integer, Long>> ends(
            Topic topic, List<Integer> numbers, Function<OffsetRange, Long> offset) {
        return logs.ranges(numbers.stream().map(topic::partitionId).toList()).thenApply(ranges -> {
            Map<Integer, Long> offsets = new HashMap<>();
            for (int number : numbers) {
                OffsetRange range = ranges.get(topic.partitionId(number));
                if (range == null) {
                    throw Topics.notFound(topic.name()); // deleted a moment ago
                }
                offsets.put(number, offset.apply(range));
            }
            return offsets;
        });
    }

    private CompletableFuture<Map<Integer, Long>> times(
            Topic topic, List<Integer> numbers, long millis, BooleanSupplier gone) {
        CompletableFuture<Map<Integer, Long>> all = CompletableFuture.completedFuture(new HashMap<>());
        for (int from = 0; from < numbers.size(); from += AT_ONCE) {
            List<Integer> some = numbers.subList(from, Math.min(numbers.size(), from + AT_ONCE));
            all = all.thenCompose(offsets -> {
                if (gone.getAsBoolean()) {
                    throw new TrunklineException(
                            ErrorCode.OVERLOADED, "The client did not wait until the beginning was found.");
                }
                return times(topic, some, millis, offsets);
            });
        }
        return all;
    }

    private CompletableFuture<Map<Integer, Long>> times(
            Topic topic, List<Integer> numbers, long millis, Map<Integer, Long> offsets) {
        CompletableFuture<Map<Integer, Long>> all = CompletableFuture.completedFuture(offsets);
        for (int number : numbers) {
            all = all.thenCombine(logs.offsetForTime(topic.partitionId(number), millis), (found, offset) -> {
                found.put(number, offset);
                return found;
            });
        }
        return all;
    }

    private CompletableFuture<Map<Integer, Long>> at(Topic topic, int number, long offset) {
        return ends(topic, List.of(number), range -> {
            if (!range.readableFrom(offset)) {
                throw new OutOfRange(range);
            }
            return offset;
        });
    }

    /** The offset that a client names cannot be read; the range can. */
    static final class OutOfRange extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final transient OffsetRange range;

        OutOfRange(OffsetRange range) {
            super("out of range", null, false, false);
            this.range = range;
        }

        /** The range of a failure; empty for another one. */
        static Optional<OffsetRange> range(Throwable failure) {
            return failure instanceof OutOfRange out ? Optional.of(out.range) : Optional.empty();
        }
    }
}
