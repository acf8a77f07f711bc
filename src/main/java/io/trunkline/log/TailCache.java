package io.trunkline.log;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The newest batches of the partitions that somebody reads at the tail, so that many readers cost PostgreSQL hardly more
 * than one. Holds a stretch without holes for each partition. What is oldest goes first, whatever its partition, when
 * the bytes are used up; pages of the past are not put in. It knows nothing of the log start: who reads from it has to.
 */
final class TailCache {
    /** A partition that nobody has read at the tail for so long is not kept any more. */
    private static final Duration INTEREST = Duration.ofSeconds(30);

    private static final int MOST_STALE = 100;

    private static final class Tail {
        private final ArrayList<@Nullable FetchedBatch> batches = new ArrayList<>();
        /** How many of the first places are empty; they are cut off now and then. */
        private int gone;

        long bytes;
        /** Counts how often the stretch was begun anew. */
        int generation;

        Instant wantedAt;

        Tail(Instant wantedAt) {
            this.wantedAt = wantedAt;
        }

        int count() {
            return batches.size() - gone;
        }

        FetchedBatch get(int i) {
            return Objects.requireNonNull(batches.get(gone + i));
        }

        long end() {
            return get(count() - 1).nextOffset();
        }

        void add(FetchedBatch batch, long size) {
            batches.add(batch);
            bytes += size;
        }

        void dropFirst(long size) {
            batches.set(gone++, null);
            bytes -= size;
            if (gone * 2 > batches.size()) {
                batches.subList(0, gone).clear();
                gone = 0;
            }
        }

        void clear() {
            batches.clear();
            gone = 0;
            bytes = 0;
            generation++;
        }
    }

    /** One for each batch that was put in, oldest first. */
    private record Entry(Tail tail, int generation, long bytes) {
        boolean isStale() {
            return generation != tail.generation;
        }
    }

    private final long mostBytes;
    private final Clock clock;

    /** Guarded by this, as the following. */
    private final Map<Long, Tail> tails = new HashMap<>();

    private final Deque<Entry> entries = new ArrayDeque<>();
    /** How many of the entries are of batches that were taken out already. */
    private int stale;

    private long bytes;
    private Instant sweptAt;

    TailCache(long mostBytes, Clock clock) {
        this.mostBytes = mostBytes;
        this.clock = clock;
        sweptAt = clock.instant();
    }

    synchronized long bytes() {
        return bytes;
    }

    /** Somebody reads the partition at its tail: what is appended from now on is kept for a while. */
    synchronized void want(long partitionId) {
        Instant now = clock.instant();
        tails.computeIfAbsent(partitionId, id -> new Tail(now)).wantedAt = now;
        if (sweptAt.plus(INTEREST).isBefore(now)) {
            sweptAt = now;
            tails.values().removeIf(tail -> {
                boolean forgotten = tail.wantedAt.plus(INTEREST).isBefore(now);
                if (forgotten) {
                    clear(tail);
                }
                return forgotten;
            });
        }
    }

    synchronized boolean wants(long partitionId) {
        return tails.containsKey(partitionId);
    }

    /** Takes in a batch that was appended, or read at the end of the log. */
    synchronized void add(long partitionId, FetchedBatch batch) {
        Tail tail = tails.get(partitionId);
        if (tail == null) {
            return;
        }
        if (tail.wantedAt.plus(INTEREST).isBefore(clock.instant())) {
            tails.remove(partitionId);
            clear(tail);
            return;
        }
        if (tail.count() > 0 && batch.baseOffset() < tail.end()) {
            return; // known, or overtaken by what another replica appended
        }
        long size = batch.records().memorySize();
        if (size > mostBytes || (tail.count() > 0 && batch.baseOffset() > tail.end())) {
            clear(tail);
        }
        if (size > mostBytes) {
            return;
        }
        tail.add(batch, size);
        entries.add(new Entry(tail, tail.generation, size));
        bytes += size;
        while (bytes > mostBytes) {
            Entry oldest = entries.remove();
            if (oldest.isStale()) {
                stale--;
            } else {
                bytes -= oldest.bytes();
                oldest.tail().dropFirst(oldest.bytes());
            }
        }
    }

    /** A page from an offset, when that is held. */
    synchronized Optional<PageBuilder> read(FetchRequest request) {
        long offset = request.offset();
        Tail tail = tails.get(request.partitionId());
        if (tail == null || tail.count() == 0 || offset < tail.get(0).baseOffset() || offset >= tail.end()) {
            return Optional.empty();
        }
        PageBuilder page = PageBuilder.empty(request);
        for (int i = first(tail, offset); i < tail.count() && page.add(tail.get(i)); i++) {
            // each adds what fits
        }
        return Optional.of(page);
    }

    /** The index of the batch that holds an offset. */
    private static int first(Tail tail, long offset) {
        int low = 0;
        int high = tail.count() - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (tail.get(middle).nextOffset() <= offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Takes out a tail's batches. Their entries are passed over when their turn comes, or when they are too many. */
    private void clear(Tail tail) {
        bytes -= tail.bytes;
        stale += tail.count();
        tail.clear();
        if (stale > MOST_STALE && stale > entries.size() / 2) {
            entries.removeIf(Entry::isStale);
            stale = 0;
        }
    }
}
