package io.trunkline.consumer;

import io.trunkline.group.ConsumerOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A consumer as its rows were a moment ago.
 *
 * @param generation that of its group
 * @param outdated whether topics or partitions have come or gone since the group shared them out
 * @param owner the name of the principal that created it; empty where there was no access control
 * @param sinceLastHeartbeat how long ago its last request was noted
 * @param partitions what it has, that which has waited longest for its turn first
 */
record ConsumerSnapshot(
        long memberId,
        int generation,
        boolean outdated,
        Optional<String> owner,
        ConsumerOptions options,
        SubscriptionKind kind,
        Duration sinceLastHeartbeat,
        List<Held> partitions) {
    ConsumerSnapshot {
        partitions = List.copyOf(partitions);
    }

    /** How a consumer has said what it reads. */
    enum SubscriptionKind {
        NONE,
        TOPICS,
        PATTERN,
        PARTITIONS;

        static SubscriptionKind stored(String text) {
            return switch (text) {
                case "topics" -> TOPICS;
                case "pattern" -> PATTERN;
                case "partitions" -> PARTITIONS;
                default -> NONE;
            };
        }
    }

    /**
     * A partition of a consumer.
     *
     * @param generation in which it got it; empty where it was assigned by hand
     * @param position the next offset to deliver, where known
     * @param resumes where another one would go on: what is committed, or else where the group began
     * @param claimed whether an answer with records from the position on is being sent
     * @param delivered whether an answer with records up to the position was delivered, which is not noted yet
     */
    record Held(
            long partitionId,
            OptionalInt generation,
            OptionalLong position,
            OptionalLong resumes,
            boolean claimed,
            boolean delivered) {
        /** Whether something was delivered, or sought, that is not committed. */
        boolean uncommitted() {
            return position.isPresent() && !position.equals(resumes);
        }
    }

    ConsumerSnapshot with(List<Held> held) {
        return new ConsumerSnapshot(memberId, generation, outdated, owner, options, kind, sinceLastHeartbeat, held);
    }

    Set<Long> partitionIds() {
        return partitions.stream().map(Held::partitionId).collect(Collectors.toSet());
    }

    /** The next offset of each partition, where it is known. */
    Map<Long, Long> positions() {
        return partitions.stream()
                .filter(held -> held.position().isPresent())
                .collect(Collectors.toMap(
                        Held::partitionId, held -> held.position().getAsLong()));
    }

    /** Whether these are the positions of those partitions. */
    boolean standsAt(Map<Long, Long> positions) {
        return partitions.stream()
                        .filter(held -> held.position().equals(optional(positions.get(held.partitionId()))))
                        .count()
                == positions.size();
    }

    /**
     * The member when an answer with records up to these offsets was delivered. What it had been given before is committed
     * then, where it commits by itself. Those partitions have had their turn.
     */
    ConsumerSnapshot after(Map<Long, Long> offsets) {
        List<Held> waiting = new ArrayList<>();
        List<Held> served = new ArrayList<>();
        for (Held held : partitions) {
            Long end = offsets.get(held.partitionId());
            OptionalLong resumes = options.autoCommit() ? held.position() : held.resumes();
            if (end == null) {
                waiting.add(new Held(
                        held.partitionId(), held.generation(), held.position(), resumes, held.claimed(), false));
            } else {
                served.add(new Held(held.partitionId(), held.generation(), OptionalLong.of(end), resumes, false, true));
            }
        }
        waiting.addAll(served);
        return with(waiting);
    }

    private static OptionalLong optional(@Nullable Long value) {
        return value == null ? OptionalLong.empty() : OptionalLong.of(value);
    }

    boolean subscribed() {
        return kind != SubscriptionKind.NONE;
    }
}
