package io.trunkline.log;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The newest batches of the partitions that somebody reads at the tail, so that many readers cost PostgreSQL hardly more
 * than one. Holds a stretch without holes for each partition. What is oldest goes first, whatever its partition, when
 * the bytes are used up; pages of the past are not put in. It knows nothing of the log start: who reads from it has to.
 */
final class TailCache {
    /** A partition that nobody has read at the tail for so long is not kept any more. */
    private static final Duration INTEREST = Duration.ofSeconds(30);

    private static final class Tail {
        final int partitionId;
        final ArrayList<FetchedBatch> batches = new ArrayList<>();
        /** How many of the first batches have been taken out; they are cleared away now and then. */
        int gone;

        Instant wantedAt;

        Tail(int partitionId, Instant wantedAt) {
            this.partitionId = partitionId;
            this.wantedAt = wantedAt;
        }

        boolean isEmpty() {
            return gone == batches.size();
        }

        long end() {
            return batches.getLast().nextOffset();
        }
    }

    /** One for each batch that was put in, oldest first. */
    private record Entry(Tail tail, long bytes) {}

    private final long mostBytes;
    private final Clock clock;

    /** Guarded by this, as the following. */
    private final Map<Integer, Tail> tails = new HashMap<>();

    private final Deque<Entry> entries = new ArrayDeque<>();
    private long bytes;

    TailCache(long mostBytes, Clock clock) {
        this.mostBytes = mostBytes;
        this.clock = clock;
    }

    /** Bytes of the batches that are held. */
    synchronized long bytes() {
        return bytes;
    }

    /** Somebody reads the partition at its tail: what is appended from now on is kept for a while. */
    synchronized void want(int partitionId) {
        Instant now = clock.instant();
        tails.computeIfAbsent(partitionId, id -> new Tail(id, now)).wantedAt = now;
    }

    /** Takes in a batch that was appended, or read at the end of the log. */
    synchronized void add(int partitionId, FetchedBatch batch) {
        Tail tail = tails.get(partitionId);
        if (tail == null) {
            return;
        }
        if (tail.wantedAt.plus(INTEREST).isBefore(clock.instant())) {
            tails.remove(partitionId);
            clear(tail);
            return;
        }
        if (!tail.isEmpty() && batch.baseOffset() < tail.end()) {
            return; // known, or overtaken by what another replica appended
        }
        if (!tail.isEmpty() && batch.baseOffset() > tail.end()) {
            clear(tail);
        }
        long size = batch.records().memorySize();
        if (size > mostBytes) {
            clear(tail);
            return;
        }
        tail.batches.add(batch);
        entries.add(new Entry(tail, size));
        bytes += size;
        while (bytes > mostBytes) {
            Entry oldest = entries.remove();
            bytes -= oldest.bytes();
            dropFirst(oldest.tail());
        }
    }

    /** A page from an offset, when that is held. */
    synchronized Optional<PageBuilder> read(Fetches.Request request) {
        long offset = request.offset();
        Tail tail = tails.get(request.partitionId());
        if (tail == null
                || tail.isEmpty()
                || offset < tail.batches.get(tail.gone).baseOffset()
                || offset >= tail.end()) {
            return Optional.empty();
        }
        PageBuilder page = PageBuilder.empty(request);
        for (int i = first(tail, offset); i < tail.batches.size() && page.add(tail.batches.get(i)); i++) {
            // each adds what fits
        }
        return Optional.of(page);
    }

    /** The index of the batch that holds an offset. */
    private static int first(Tail tail, long offset) {
        int low = tail.gone;
        int high = tail.batches.size() - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (tail.batches.get(middle).nextOffset() <= offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Forgets a tail's batches; their entries are passed over when their turn comes. */
    private void clear(Tail tail) {
        entries.removeIf(entry -> {
            if (entry.tail() == tail) {
                bytes -= entry.bytes();
                return true;
            }
            return false;
        });
        tail.batches.clear();
        tail.gone = 0;
    }

    private void dropFirst(Tail tail) {
        tail.gone++;
        if (tail.gone * 2 > tail.batches.size()) {
            tail.batches.subList(0, tail.gone).clear();
            tail.gone = 0;
        }
    }
}
