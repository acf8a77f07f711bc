package io.trunkline.log;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** What waits to be appended to one partition. Guarded by itself. */
final class PartitionQueue {
    private final long partitionId;
    private final Deque<QueuedAppend> waiting = new ArrayDeque<>();
    /** What was taken last and is being appended; empty while nothing is. */
    private List<QueuedAppend> taken = List.of();

    private long reservedBytes;
    private boolean inFlight;
    /** The next append is shared with no other partition. */
    private boolean alone;
    /** So many appends are appended one by one, because one of them may be at fault. */
    private int oneByOne;

    /** What is appended to the partition at once, in the order in which it came. */
    final class Batch {
        private final List<QueuedAppend> appends;
        private final List<UUID> keys;

        /** None where all that waited was overdue. */
        private Batch(List<QueuedAppend> appends) {
            this.appends = List.copyOf(appends);
            keys = keysOf(appends);
        }

        private static List<UUID> keysOf(List<QueuedAppend> appends) {
            List<UUID> keys = List.of();
            for (QueuedAppend append : appends) {
                if (append.append().identity().orElse(null) instanceof ProduceKey key) {
                    if (keys.isEmpty()) {
                        keys = new ArrayList<>();
                    }
                    keys.add(key.id());
                }
            }
            return keys;
        }

        PartitionQueue queue() {
            return PartitionQueue.this;
        }

        List<QueuedAppend> appends() {
            return appends;
        }

        boolean isEmpty() {
            return appends.isEmpty();
        }

        long bytes() {
            return appends.stream().mapToLong(QueuedAppend::size).sum();
        }

        int records() {
            return appends.stream().mapToInt(append -> append.records().count()).sum();
        }

        /** The idempotency keys of its appends, none of which comes twice. */
        List<UUID> keys() {
            return keys;
        }

        boolean hasIdempotencyKeys() {
            return !keys.isEmpty();
        }

        /** Whether two batches have the same columns, so that they can go together. */
        boolean isLike(Batch other) {
            return appends.getFirst().timestamps() == other.appends.getFirst().timestamps()
                    && hasKeys() == other.hasKeys()
                    && hasHeaders() == other.hasHeaders();
        }

        private boolean hasKeys() {
            return appends.stream().anyMatch(append -> append.records().keys() != null);
        }

        private boolean hasHeaders() {
            return appends.stream().anyMatch(append -> append.records().headers() != null);
        }
    }

    PartitionQueue(long partitionId) {
        this.partitionId = partitionId;
    }

    long partitionId() {
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

    /** Adds an append; answers whether nothing was in flight, so that the queue has to take its turn now. */
    synchronized boolean add(QueuedAppend append) {
        waiting.add(append);
        boolean idle = !inFlight;
        inFlight = true;
        return idle;
    }

    /**
     * Takes the next appends, at least one where any waits, that fit into one batch, agree on where timestamps come from, and
     * can be judged together: one that needs a certain end comes first, and an identity comes once.
     */
    synchronized Batch take(long mostBytes, int mostRecords) {
        List<QueuedAppend> appends = new ArrayList<>();
        long bytes = 0;
        long records = 0;
        Map<Object, QueuedAppend> identities = new HashMap<>();
        for (QueuedAppend next = waiting.peek(); next != null; next = waiting.peek()) {
            bytes += next.size();
            records += next.records().count();
            boolean fits = bytes <= mostBytes
                    && records <= mostRecords
                    && oneByOne == 0
                    && (appends.isEmpty()
                            || appends.getFirst().timestamps() == next.timestamps()
                                    && isJudgedBeside(next, identities));
            if (!fits && !appends.isEmpty()) {
                break;
            }
            QueuedAppend fitting = waiting.remove();
            appends.add(fitting);
            fitting.append().identity().ifPresent(identity -> identities.put(owner(identity), fitting));
        }
        taken = appends;
        return new Batch(appends);
    }

    private static boolean isJudgedBeside(QueuedAppend next, Map<Object, QueuedAppend> identities) {
        if (next.append().expectedEnd().isPresent()) {
            return false;
        }
        AppendIdentity identity = next.append().identity().orElse(null);
        QueuedAppend before = identity == null ? null : identities.get(owner(identity));
        return before == null
                || identity instanceof ProducerBatch batch
                        && before.append().identity().orElse(null) instanceof ProducerBatch last
                        && batch.follows(last, before.records().count());
    }

    /** Whose appends within a batch must follow one another. */
    private static Object owner(AppendIdentity identity) {
        return switch (identity) {
            case ProducerBatch batch -> batch.producerId();
            case ProduceKey key -> key.id();
        };
    }

    /** Whether the batch that was taken last goes by itself. */
    synchronized boolean isAlone() {
        return alone || oneByOne > 0;
    }

    synchronized void putBack(Batch batch) {
        for (QueuedAppend append : batch.appends().reversed()) {
            waiting.addFirst(append);
        }
        taken = List.of();
    }

    /** What was taken goes back, to be appended without sharing a transaction. */
    synchronized void putBackAlone(Batch batch) {
        putBack(batch);
        alone = true;
    }

    /** What was taken goes back, each to be appended by itself. */
    synchronized void putBackOneByOne(Batch batch) {
        putBack(batch);
        oneByOne = batch.appends().size();
    }

    /**
     * Some of what was taken has ended, and nothing was written: the others go back, to be appended without them. Answers
     * whether the queue takes another turn.
     */
    synchronized boolean judged(List<QueuedAppend> others) {
        boolean wasAlone = alone;
        others.reversed().forEach(waiting::addFirst);
        boolean more = ended();
        alone = wasAlone && !others.isEmpty();
        return more;
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
    synchronized List<QueuedAppend> takeOverdue(long time) {
        List<QueuedAppend> overdue = new ArrayList<>();
        while (!waiting.isEmpty() && waiting.getFirst().submitted() - time < 0) {
            overdue.add(waiting.remove());
        }
        return overdue;
    }

    /** What is being appended and was submitted before this time, by {@link System#nanoTime}. */
    synchronized List<QueuedAppend> overdueInFlight(long time) {
        return taken.stream().filter(append -> append.submitted() - time < 0).toList();
    }

    synchronized List<QueuedAppend> clear() {
        List<QueuedAppend> all = List.copyOf(waiting);
        waiting.clear();
        inFlight = false;
        return all;
    }
}
