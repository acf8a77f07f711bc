package io.trunkline.log;

import io.trunkline.log.AppendBatcher.Part;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** What waits to be appended to one partition. Guarded by itself. */
final class PartitionQueue {
    private final int partitionId;
    private final Deque<Part> waiting = new ArrayDeque<>();
    /** What was taken last and is being appended; empty while nothing is. */
    private List<Part> taken = List.of();

    private long reservedBytes;
    private boolean inFlight;
    /** The next append is shared with no other partition. */
    private boolean alone;
    /** So many parts are appended one by one, because one of them may be at fault. */
    private int oneByOne;

    PartitionQueue(int partitionId) {
        this.partitionId = partitionId;
    }

    int partitionId() {
        return partitionId;
    }

    /** Makes room; what comes first always fits. */
    synchronized boolean reserve(long size, long most) {
        boolean fits = reservedBytes == 0 || reservedBytes + size <= most;
        if (fits) {
            reservedBytes += size;
        }
        return fits;
    }

    /** Gives room back; answers whether the queue is not in use any more. */
    synchronized boolean release(long size) {
        reservedBytes -= size;
        return reservedBytes == 0 && !inFlight;
    }

    /** Adds a part; answers whether nothing was in flight, so that the queue has to take its turn now. */
    synchronized boolean add(Part part) {
        waiting.add(part);
        boolean idle = !inFlight;
        inFlight = true;
        return idle;
    }

    /**
     * Takes the next parts, at least one where any waits, that fit into one batch and agree on where timestamps come from.
     */
    synchronized Batch take(long mostBytes, int mostRecords) {
        List<Part> parts = new ArrayList<>();
        long bytes = 0;
        long records = 0;
        for (Part next = waiting.peek(); next != null; next = waiting.peek()) {
            bytes += next.size();
            records += next.records().count();
            boolean fits = bytes <= mostBytes
                    && records <= mostRecords
                    && oneByOne == 0
                    && (parts.isEmpty() || parts.getFirst().timestamps() == next.timestamps());
            if (!fits && !parts.isEmpty()) {
                break;
            }
            parts.add(waiting.remove());
        }
        taken = parts;
        return new Batch(this, parts);
    }

    /** Whether the batch that was taken last goes by itself. */
    synchronized boolean isAlone() {
        return alone || oneByOne > 0;
    }

    /** What was taken goes back to where it was. */
    synchronized void putBack(Batch batch) {
        for (Part part : batch.parts().reversed()) {
            waiting.addFirst(part);
        }
        taken = List.of();
    }

    /** What was taken goes back, to be appended without sharing a transaction. */
    synchronized void putBackAlone(Batch batch) {
        putBack(batch);
        alone = true;
    }

    /** What was taken goes back, to be appended part by part. */
    synchronized void putBackOneByOne(Batch batch) {
        putBack(batch);
        oneByOne = batch.parts().size();
    }

    /** The batch has been appended or has failed for good. Answers whether the queue takes another turn. */
    synchronized boolean ended() {
        taken = List.of();
        alone = false;
        oneByOne = Math.max(0, oneByOne - 1);
        inFlight = !waiting.isEmpty();
        return inFlight;
    }

    /** Takes out what waits and was submitted before this time, by {@link System#nanoTime}. */
    synchronized List<Part> takeOverdue(long time) {
        List<Part> overdue = new ArrayList<>();
        while (!waiting.isEmpty() && waiting.getFirst().submitted() - time < 0) {
            overdue.add(waiting.remove());
        }
        return overdue;
    }

    /** What is being appended and was submitted before this time, by {@link System#nanoTime}. */
    synchronized List<Part> overdueInFlight(long time) {
        return taken.stream().filter(part -> part.submitted() - time < 0).toList();
    }

    /** Takes everything out. */
    synchronized List<Part> clear() {
        List<Part> all = List.copyOf(waiting);
        waiting.clear();
        inFlight = false;
        return all;
    }
}
