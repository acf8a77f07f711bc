package io.trunkline.log;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Ticker;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The next pages of readers who take one large page after the other, read while they look at the last one. A page is given once;
 * pages that nobody comes for are dropped after a moment. The bytes of all of them are bounded and counted before they are read:
 * where there is no room, a reader waits for its page as if there were no such thing.
 */
@RegisterForReflection(
        classNames = {
            "com.github.benmanes.caffeine.cache.SSLW", // pages
            "com.github.benmanes.caffeine.cache.SSMSW" // places
        })
final class Prefetch {
    private static final Duration KEPT = Duration.ofSeconds(2);
    /** For a client that takes its time over a page. */
    private static final Duration REMEMBERED = Duration.ofSeconds(10);

    private static final int MOST_READERS = 1_000;

    private final long mostBytes;
    private final AtomicLong bytes = new AtomicLong();
    private final Cache<Place, Kept> pages;
    private final Cache<Place, Boolean> places;

    /** Where the last page of some reader ended. */
    private record Place(long partitionId, long offset) {
        static Place of(FetchRequest request) {
            return new Place(request.partitionId(), request.offset());
        }
    }

    private record Kept(FetchRequest request, CompletableFuture<PageBuilder> page) {
        boolean isEnoughFor(FetchRequest wanted) {
            return request.maxBytes() >= wanted.maxBytes() && request.maxRecords() >= wanted.maxRecords();
        }
    }

    /** @param mostBytes of all pages that are held or read */
    Prefetch(long mostBytes) {
        this(mostBytes, Ticker.systemTicker());
    }

    Prefetch(long mostBytes, Ticker ticker) {
        this.mostBytes = mostBytes;
        places = Caffeine.newBuilder()
                .maximumSize(MOST_READERS)
                .expireAfterWrite(REMEMBERED)
                .ticker(ticker)
                .build();
        pages = Caffeine.newBuilder()
                .expireAfterWrite(KEPT)
                .ticker(ticker)
                .executor(Runnable::run)
                .removalListener(this::dropped)
                .build();
    }

    private void dropped(@Nullable Place place, @Nullable Kept kept, RemovalCause cause) {
        if (kept != null) {
            bytes.addAndGet(-kept.request().maxBytes());
        }
    }

    /** At least the page of a request, perhaps more, or what is being read for it; it is held no longer. */
    Optional<CompletableFuture<PageBuilder>> take(FetchRequest request) {
        Place place = Place.of(request);
        Kept kept = pages.getIfPresent(place);
        return kept != null && kept.isEnoughFor(request) && pages.asMap().remove(place, kept)
                ? Optional.of(kept.page())
                : Optional.empty();
    }

    /**
     * What the reader of a page will ask for next, if it is worth reading now: when the page goes on where another one ended, as
     * much again is there, and there is room, which is taken by this call. The caller has to {@link #keep} it.
     *
     * @param end of the partition
     */
    Optional<FetchRequest> next(FetchRequest request, PageBuilder page, long end) {
        long count = page.next() - request.offset();
        if (!request.isLarge() || count == 0 || !page.isFull() || end - page.next() < count) {
            return Optional.empty();
        }
        boolean goesOn = places.asMap().remove(Place.of(request)) != null;
        FetchRequest next = request.next(page.next());
        places.put(Place.of(next), true);
        return goesOn && !pages.asMap().containsKey(Place.of(next)) && reserve(next.maxBytes())
                ? Optional.of(next)
                : Optional.empty();
    }

    private boolean reserve(long more) {
        if (bytes.addAndGet(more) <= mostBytes) {
            return true;
        }
        bytes.addAndGet(-more);
        pages.cleanUp(); // what has expired makes room for the next one
        return false;
    }

    /** Holds what is read for a request of {@link #next}, until it is taken. */
    void keep(FetchRequest next, CompletableFuture<PageBuilder> page) {
        Kept kept = new Kept(next, page);
        pages.put(Place.of(next), kept);
        page.whenComplete((read, failure) -> {
            // One record may be larger than the page should be.
            if (read == null || size(read) > next.maxBytes()) {
                pages.asMap().remove(Place.of(next), kept);
            }
        });
    }

    private static long size(PageBuilder page) {
        return page.batches().stream()
                .mapToLong(batch -> batch.records().memorySize())
                .sum();
    }

    /** The bytes of all pages that are held or read. */
    long bytes() {
        return bytes.get();
    }
}
