package io.trunkline.rest;

import io.trunkline.consumer.Consumers;
import io.trunkline.consumer.Poll;
import io.trunkline.consumer.PollRequest;
import io.trunkline.edge.Exchange;
import io.trunkline.edge.ResponseBudget;
import io.trunkline.error.TrunklineException;
import io.trunkline.group.ConsumerRef;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The records of a consumer, as its polls would give them one after the other: each page is held back for the stream until the
 * network has taken it, and moves the consumer's position then.
 */
final class ConsumerSource implements StreamSource {
    private static final long PAGE = 256 * 1024;
    /** In a session, as often as those of other consumers are noted. */
    private static final int HEARTBEATS = 5;
    /** The least time, up to which a poll waits even where other requests may not wait: a stream does not poll without a pause. */
    private static final Duration LEAST_WAIT = Duration.ofSeconds(1);

    private final Consumers consumers;
    private final ConsumerRef consumer;
    private final LongCalls.Watched watched;
    private final Duration mostWait;
    /** How often a consumer that does not poll shows that it is alive. */
    private final Duration heartbeat;

    private final StreamFilter filter;
    private final ResponseBudget budget;
    private final Exchange exchange;
    private final PageRoom room;
    /** What has been found before the stream began, and counted; null when it was given. */
    private final AtomicReference<@Nullable StreamPage> first = new AtomicReference<>();
    /** Ends the poll that is under way. */
    private volatile CompletableFuture<Void> abandoned = new CompletableFuture<>();

    private volatile boolean closed;
    /** Whether it has polled since it showed last that it is alive, and when that was. Used by one call after the other. */
    private boolean polled;

    private long aliveAt;

    private ConsumerSource(
            Consumers consumers,
            ConsumerRef consumer,
            LongCalls.Watched watched,
            Duration mostWait,
            Duration heartbeat,
            StreamFilter filter,
            ResponseBudget budget,
            Exchange exchange) {
        this.filter = filter;
        this.consumers = consumers;
        this.consumer = consumer;
        this.watched = watched;
        this.mostWait = mostWait.compareTo(LEAST_WAIT) < 0 ? LEAST_WAIT : mostWait;
        this.heartbeat = heartbeat;
        this.budget = budget;
        this.exchange = exchange;
        room = new PageRoom(exchange);
    }

    /**
     * Begins with a poll that does not wait, and fails as that does, or with {@code OVERLOADED} when there is no room for what it
     * finds.
     *
     * @param watched the client, whose roles may become others while it reads: each poll is that of who it is then
     * @param mostWait how long a poll waits at most; a second where this is less
     * @param sessionTimeout after which a consumer that is not heard of is removed
     * @param filter which records are wanted
     */
    static CompletableFuture<StreamSource> open(
            Consumers consumers,
            ConsumerRef consumer,
            LongCalls.Watched watched,
            Duration mostWait,
            Duration sessionTimeout,
            StreamFilter filter,
            ResponseBudget budget,
            Exchange exchange) {
        ConsumerSource source = new ConsumerSource(
                consumers, consumer, watched, mostWait, sessionTimeout.dividedBy(HEARTBEATS), filter, budget, exchange);
        // The poll that waits is that of who the client was; the next one comes soon.
        watched.onChange(() -> source.abandoned.complete(null));
        return source.poll(Duration.ZERO).thenApply(poll -> {
            source.first.set(source.page(poll));
            return source;
        });
    }

    @Override
    public byte @Nullable [] cursor() {
        return null;
    }

    @Override
    public CompletableFuture<StreamPage> next() {
        StreamPage before = first.getAndSet(null);
        if (before != null) {
            return CompletableFuture.completedFuture(before);
        }
        boolean isThere = room.reserve(Math.min(PAGE, budget.share()));
        // Nothing is waited for with memory in hand.
        return poll(isThere ? Duration.ZERO : mostWait)
                .thenApply(this::page)
                .whenComplete((page, failure) -> room.settle());
    }

    @Override
    public void paused() {
        long now = System.nanoTime();
        if (polled || now - aliveAt >= heartbeat.toNanos()) {
            polled = false;
            aliveAt = now;
            // Where it fails, the next poll does, and says so.
            consumers.alive(consumer());
        }
    }

    private ConsumerRef consumer() {
        return watched.caller()
                .map(caller -> new ConsumerRef(consumer.group(), consumer.name(), caller.principal()))
                .orElse(consumer);
    }

    private CompletableFuture<Poll> poll(Duration wait) {
        polled = true;
        CompletableFuture<Void> end = new CompletableFuture<>();
        abandoned = end;
        if (closed) {
            end.complete(null);
        }
        PollRequest request = new PollRequest(
                Optional.of(wait), mostWait, Math.min(PAGE, budget.share()), format -> true, filter.begin());
        return consumers.poll(consumer(), request, end).whenComplete((poll, failure) -> filter.end());
    }

    private StreamPage page(Poll poll) {
        RecordFormat format = RecordFormat.stored(poll.format());
        List<StreamPage.Part> parts = new ArrayList<>();
        for (Poll.Part part : poll.parts()) {
            if (!part.page().isEmpty()) {
                RecordJson json = new RecordJson(
                        part.partition().topic(), part.partition().partition(), format, true);
                parts.add(new StreamPage.Part.Records(
                        part.partition().partition(),
                        json,
                        part.page().batches(),
                        part.page().nextOffset()));
            }
        }
        StreamPage page = new StreamPage(parts, null, poll::ended);
        try {
            room.take(page);
        } catch (TrunklineException e) {
            page.ended(false);
            throw e;
        }
        return page;
    }

    @Override
    public void close() {
        closed = true;
        filter.stop();
        StreamPage unused = first.getAndSet(null);
        if (unused != null) {
            exchange.giveBack(unused.memory());
            unused.ended(false);
        }
        abandoned.complete(null);
    }
}
