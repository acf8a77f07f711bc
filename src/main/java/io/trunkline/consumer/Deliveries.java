package io.trunkline.consumer;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.trunkline.async.Coalescer;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.Failures;
import io.trunkline.group.ConsumerConfig;
import io.trunkline.group.GroupName;
import io.trunkline.group.Heartbeats;
import io.trunkline.group.MemberName;
import io.trunkline.log.OffsetRange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Answers with records on their way to consumers. While an answer is being sent its records are claimed, so that nobody
 * else sends them; when the network has taken it, the positions move on; when it was lost, they do not. Claims of a
 * replica that dies lapse.
 */
final class Deliveries {
    private static final Logger LOG = Logger.getLogger(Deliveries.class);
    private static final int MOST_TOGETHER = 200;
    private static final int MOST_WAITING = 20_000;
    private static final int RENEWALS = 3;
    private static final Duration CLOSING = Duration.ofSeconds(2);
    static final Duration MOMENT = Duration.ofMillis(100);
    private static final Duration RETRY = Duration.ofMillis(100);
    /** So long the next poll may be waited for to note, with its own claim, that the answer before it was delivered. */
    private static final Duration DEFERRED = Duration.ofMillis(5);
    /** So long an answer may take, however slow its client is. */
    private static final Duration LONGEST = Duration.ofHours(1);
    /** After so long a member is looked at anew, whatever is known of it. */
    private static final Duration KNOWN = Duration.ofMillis(250);

    private static final int MOST_REMEMBERED = 100_000;

    private final PositionStore store;
    private final Heartbeats heartbeats;
    private final Duration timeout;
    private final WorkerPool pool;
    private final ScheduledExecutorService timer;
    private final Coalescer<PositionStore.Claim, OptionalInt> claims;
    private final Coalescer<PositionStore.Mark, Boolean> marks;
    private final Map<PositionStore.Key, Set<Delivery>> underWay = new ConcurrentHashMap<>();
    private final Queue<Delivery> deferred = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean sweeping = new AtomicBoolean();
    /** Where the last answer that this replica sent to a member has ended, by partition. */
    private final Cache<PositionStore.Key, Map<Long, Long>> ends;

    private final LongSupplier nanoTime;

    Deliveries(
            PositionStore store,
            ConsumerConfig config,
            Heartbeats heartbeats,
            WorkerPool pool,
            ScheduledExecutorService timer) {
        this(store, config, heartbeats, pool, timer, System::nanoTime);
    }

    Deliveries(
            PositionStore store,
            ConsumerConfig config,
            Heartbeats heartbeats,
            WorkerPool pool,
            ScheduledExecutorService timer,
            LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        ends = Caffeine.newBuilder()
                .maximumSize(MOST_REMEMBERED)
                .expireAfterWrite(Duration.ofSeconds(1))
                .ticker(nanoTime::getAsLong)
                .build();
        this.store = store;
        this.heartbeats = heartbeats;
        timeout = config.deliveryTimeout();
        this.pool = pool;
        this.timer = timer;
        claims = new Coalescer<>(pool, 1, MOST_TOGETHER, MOST_WAITING, asked -> store.claim(asked, timeout));
        marks = new Coalescer<>(pool, 2, MOST_TOGETHER, 0, asked -> {
            store.mark(asked);
            return Collections.nCopies(asked.size(), true);
        });
        long interval = timeout.dividedBy(RENEWALS).toMillis();
        timer.scheduleWithFixedDelay(this::renew, interval, interval, TimeUnit.MILLISECONDS);
    }

    /**
     * A member as it was when it was looked at.
     *
     * @param ranges what could be read of its partitions then, where that was asked
     * @param at when that was, by {@link System#nanoTime}
     */
    record Looked(ConsumerSnapshot member, Map<Long, OffsetRange> ranges, long at) {}

    private enum Stage {
        /** The network has not taken it yet. */
        SENDING,
        /** It has, which is not noted yet: the next poll may come at once, and do that. */
        DELIVERED,
        /** The next poll has come, and sees to it. */
        TAKEN,
        /** What became of it is being noted, or has been. */
        TOLD
    }

    /** An answer that is being sent. Say what became of it, once; what is said later is not heard. */
    final class Delivery {
        private final PositionStore.Key member;
        private final long memberId;
        private final long claimId;
        /** The member when the answer is delivered, as it was when it was looked at last. */
        private final Looked after;

        /** Whether the member's last polls all came to this replica, so that the next one very probably does. */
        private volatile boolean sticky;

        private final long start = nanoTime.getAsLong();
        private volatile long endedAt = start;
        private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.SENDING);
        private final CompletableFuture<Void> settled = new CompletableFuture<>();

        private Delivery(PositionStore.Key member, long claimId, Looked after, boolean sticky) {
            this.member = member;
            memberId = after.member().memberId();
            this.claimId = claimId;
            this.after = after;
            this.sticky = sticky;
        }

        /** The member after this answer, for the poll that has {@link #takeOver taken over}. */
        Looked after() {
            return after;
        }

        long claimId() {
            return claimId;
        }

        /** The network has taken the answer, or it has not. */
        void ended(boolean delivered) {
            if (!delivered || !sticky) {
                if (stage.compareAndSet(Stage.SENDING, Stage.TOLD)) {
                    endedAt = nanoTime.getAsLong();
                    mark(delivered);
                }
                return;
            }
            endedAt = nanoTime.getAsLong();
            if (stage.compareAndSet(Stage.SENDING, Stage.DELIVERED)) {
                deferred.add(this);
                sweepLater();
            }
        }

        /** Notes now what would have been noted a little later. */
        void noteNow() {
            if (stage.compareAndSet(Stage.DELIVERED, Stage.TOLD)) {
                mark(true);
            }
        }

        /** After it was taken over: nothing came of that, so it is noted in the ordinary way. */
        void giveBack() {
            stage.set(Stage.TOLD);
            mark(true);
        }

        /** After it was taken over: the claim of the next answer has noted it. */
        void noted() {
            stage.set(Stage.TOLD);
            settle();
        }

        private void mark(boolean delivered) {
            marks.ask(new PositionStore.Mark(memberId, claimId, delivered)).whenComplete((done, failure) -> {
                if (failure == null) {
                    settle();
                } else if (nanoTime.getAsLong() - endedAt < timeout.toNanos()) {
                    timer.schedule(() -> mark(delivered), RETRY.toMillis(), TimeUnit.MILLISECONDS);
                } else {
                    LOG.warnf(
                            "It could not be noted that records were sent, so they will be sent again group=%s member=%s code=%s",
                            member.group(), member.member(), Failures.code(failure));
                    settle();
                }
            });
        }

        private void begin() {
            underWay.compute(member, (key, all) -> {
                Set<Delivery> with = all == null ? ConcurrentHashMap.newKeySet() : all;
                with.add(this);
                return with;
            });
        }

        private void settle() {
            underWay.computeIfPresent(member, (key, all) -> {
                all.remove(this);
                return all.isEmpty() ? null : all;
            });
            settled.complete(null);
        }
    }

    private void sweepLater() {
        if (sweeping.compareAndSet(false, true)) {
            try {
                timer.schedule(this::sweep, DEFERRED.toMillis(), TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                LOG.debug("Deliveries are noted at once: the service is being stopped");
                noteAll();
            }
        }
    }

    /** Notes all that was delivered, and waits a moment for that to be done. */
    void close() {
        noteAll();
        CompletableFuture.allOf(underWay.values().stream()
                        .flatMap(Set::stream)
                        .filter(delivery -> delivery.stage.get() == Stage.TOLD)
                        .map(delivery -> delivery.settled)
                        .toArray(CompletableFuture[]::new))
                .completeOnTimeout(null, CLOSING.toMillis(), TimeUnit.MILLISECONDS)
                .join();
    }

    private void noteAll() {
        for (Delivery next = deferred.poll(); next != null; next = deferred.poll()) {
            next.noteNow();
        }
    }

    /** Notes the deliveries after which no poll came at once. */
    private void sweep() {
        sweeping.set(false);
        long due = nanoTime.getAsLong() - DEFERRED.toNanos();
        for (Delivery next = deferred.peek(); next != null && next.endedAt - due <= 0; next = deferred.peek()) {
            deferred.remove(next);
            next.noteNow();
        }
        if (!deferred.isEmpty()) {
            sweepLater();
        }
    }

    /**
     * The last answer to a consumer, where that was delivered just now and is the only one: the poll that takes it over knows
     * where the member stands, and is bound to see that the delivery is noted.
     */
    Optional<Delivery> takeOver(GroupName group, MemberName member) {
        Set<Delivery> answers = underWay.get(new PositionStore.Key(group, member));
        if (answers == null || answers.size() != 1) {
            return Optional.empty();
        }
        Iterator<Delivery> only = answers.iterator();
        if (!only.hasNext()) {
            return Optional.empty();
        }
        Delivery last = only.next();
        return nanoTime.getAsLong() - last.after.at() < KNOWN.toNanos()
                        && last.stage.compareAndSet(Stage.DELIVERED, Stage.TAKEN)
                ? Optional.of(last)
                : Optional.empty();
    }

    /** What could be claimed, and the generation of the group in which the member has all of it. */
    record Claimed(Delivery delivery, List<Long> partitionIds, int generation) {}

    /**
     * Claims records for an answer. Fails when the database does; claims what nobody else has claimed, taken away or moved,
     * maybe nothing, and then there is nothing to be told about the delivery.
     *
     * @param offsets up to where, by partition; partitions that are not among them have their commit made only
     * @param before the delivery that was taken over, which is noted too, in whatever way
     */
    CompletableFuture<Claimed> claim(
            PositionStore.Key key, Looked looked, Map<Long, Long> offsets, @Nullable Delivery before) {
        ConsumerSnapshot member = looked.member();
        long claimId = ThreadLocalRandom.current().nextLong();
        Map<Long, Long> last = ends.getIfPresent(key);
        boolean sticky = before != null || (last != null && member.standsAt(last));
        Delivery delivery =
                new Delivery(key, claimId, new Looked(member.after(offsets), looked.ranges(), looked.at()), sticky);
        List<ConsumerSnapshot.Held> asked = new ArrayList<>();
        List<CompletableFuture<OptionalInt>> answers = new ArrayList<>();
        for (ConsumerSnapshot.Held held : member.partitions()) {
            boolean sends = offsets.containsKey(held.partitionId());
            boolean commits = member.options().autoCommit() && held.uncommitted() && !held.claimed();
            boolean continues = before != null && held.delivered();
            if (sends || commits || continues) {
                asked.add(held);
                answers.add(claims.ask(new PositionStore.Claim(
                        member.memberId(),
                        held.partitionId(),
                        held.generation().isPresent()
                                ? (Integer) held.generation().getAsInt()
                                : null,
                        held.position().orElseThrow(),
                        continues && before != null ? (Long) before.claimId() : null,
                        sends ? (Long) claimId : null,
                        offsets.get(held.partitionId()),
                        commits)));
            }
        }
        if (!offsets.isEmpty()) {
            delivery.begin();
            ends.put(key, offsets);
        }
        return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                .handle((done, failure) -> {
                    if (failure != null) {
                        // Some of them may hold, and the outcome of others may be unknown.
                        delivery.ended(false);
                        if (before != null) {
                            before.giveBack();
                        }
                        return CompletableFuture.<Claimed>failedFuture(failure);
                    }
                    List<Long> partitionIds = new ArrayList<>();
                    int generation = Integer.MAX_VALUE;
                    boolean noted = true;
                    for (int i = 0; i < asked.size(); i++) {
                        OptionalInt held = answers.get(i).join();
                        noted &= held.isPresent() || !asked.get(i).delivered();
                        if (held.isPresent() && offsets.containsKey(asked.get(i).partitionId())) {
                            partitionIds.add(asked.get(i).partitionId());
                            generation = Math.min(held.getAsInt(), generation);
                        }
                    }
                    if (before != null && noted) {
                        before.noted();
                    } else if (before != null) {
                        before.giveBack();
                    }
                    // What it says of the member afterwards holds for all that was wanted only.
                    delivery.sticky &= partitionIds.size() == offsets.size();
                    if (partitionIds.isEmpty()) {
                        delivery.settle();
                    }
                    return CompletableFuture.completedFuture(new Claimed(delivery, partitionIds, generation));
                })
                .thenCompose(claimed -> claimed);
    }

    /**
     * Completes when the answers of a consumer that this replica sends have been sent and that was noted, or after a
     * moment.
     */
    CompletableFuture<Void> sent(GroupName group, MemberName member) {
        Set<Delivery> answers = underWay.get(new PositionStore.Key(group, member));
        return answers == null ? CompletableFuture.completedFuture(null) : settled(answers.stream());
    }

    /**
     * Completes when all answers of a group have been sent and that was noted, or after a moment: so that those who take
     * over partitions do not get what is just being delivered as well.
     */
    CompletableFuture<Void> sent(GroupName group) {
        return settled(underWay.entrySet().stream()
                .filter(entry -> entry.getKey().group().equals(group))
                .flatMap(entry -> entry.getValue().stream()));
    }

    private static CompletableFuture<Void> settled(Stream<Delivery> answers) {
        return CompletableFuture.allOf(answers.map(delivery -> {
                            delivery.noteNow();
                            return delivery.settled;
                        })
                        .toArray(CompletableFuture[]::new))
                .completeOnTimeout(null, MOMENT.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Answers that are being sent for long keep their claims. */
    private void renew() {
        long now = nanoTime.getAsLong();
        List<PositionStore.Mark> old = underWay.values().stream()
                .flatMap(Set::stream)
                .filter(delivery -> delivery.stage.get() != Stage.TOLD
                        && now - delivery.start > timeout.toNanos() / (2 * RENEWALS)
                        && now - delivery.start < LONGEST.toNanos())
                .peek(delivery -> heartbeats.seen(delivery.memberId, Duration.ofNanos(now - delivery.start)))
                .map(delivery -> new PositionStore.Mark(delivery.memberId, delivery.claimId, false))
                .toList();
        if (old.isEmpty()) {
            return;
        }
        pool.call(() -> {
                    store.renew(old, timeout);
                    return true;
                })
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        LOG.debugf("Claims were not renewed; will try again code=%s", Failures.code(failure));
                    }
                });
    }
}
