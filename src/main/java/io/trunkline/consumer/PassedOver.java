package io.trunkline.consumer;

import java.util.HashMap;
import java.util.Map;

/** What one poll has looked at in vain in the partitions of its consumer, so that it need not look again. Used by one step after the other. */
final class PassedOver {
    /** The position of a consumer, and up to where nothing from there on is wanted. */
    private record Stretch(long position, long next) {}

    private final Map<Long, Stretch> stretches = new HashMap<>();

    /** Nothing of a partition is wanted between the consumer's position and an offset. */
    void add(long partitionId, long position, long next) {
        stretches.put(partitionId, new Stretch(position, next));
    }

    /** Where the next record of a partition may be that is wanted: its position, unless that is known to be in vain. */
    long next(ConsumerSnapshot.Held held) {
        long position = held.position().orElseThrow();
        Stretch stretch = stretches.get(held.partitionId());
        return stretch != null && stretch.position() == position ? stretch.next() : position;
    }

    /** The partitions of a consumer whose positions may move without a record, and where to. */
    Map<Long, Long> offsets(ConsumerSnapshot member) {
        if (stretches.isEmpty()) {
            return Map.of();
        }
        Map<Long, Long> offsets = new HashMap<>();
        for (ConsumerSnapshot.Held held : member.partitions()) {
            if (stretches.containsKey(held.partitionId())
                    && !held.claimed()
                    && held.position().isPresent()) {
                long next = next(held);
                if (next != held.position().getAsLong()) {
                    offsets.put(held.partitionId(), next);
                }
            }
        }
        return offsets;
    }
}
