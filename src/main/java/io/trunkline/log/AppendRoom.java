package io.trunkline.log;

import java.util.HashMap;
import java.util.Map;

/**
 * Room in the queues for records that a request appends later. They count as waiting from the beginning, so that what is held
 * in memory stays bounded while one part of a request waits for another, and are not refused when they come. To be closed when
 * nothing more comes; closing it again does nothing.
 */
public final class AppendRoom implements AutoCloseable {
    /** Where the room is. */
    interface Queues {
        /** Gives back bytes of the queue of a partition. */
        void giveBack(long partitionId, long bytes);

        /** Gives back bytes that belong to no partition. */
        void giveBack(long bytes);
    }

    private final Queues queues;
    /** What has not been used, in bytes by partition id. */
    private final Map<Long, Long> partitions;
    /** What belongs to no partition, in bytes. */
    private long rest;

    AppendRoom(Queues queues, Map<Long, Long> partitions, long rest) {
        this.queues = queues;
        this.partitions = new HashMap<>(partitions);
        this.rest = rest;
    }

    /**
     * Hands the room of a partition over to an append, which gives it back from now on.
     *
     * @throws IllegalStateException where there is none of this size
     */
    synchronized void use(long partitionId, long bytes) {
        if (!partitions.remove(partitionId, bytes)) {
            throw new IllegalStateException("no room for " + bytes + " bytes of partition " + partitionId);
        }
    }

    @Override
    public synchronized void close() {
        partitions.forEach(queues::giveBack);
        partitions.clear();
        queues.giveBack(rest);
        rest = 0;
    }
}
