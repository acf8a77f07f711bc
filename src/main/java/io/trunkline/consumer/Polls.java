package io.trunkline.consumer;

import io.trunkline.async.Drain;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.group.ConsumerRef;
import io.trunkline.group.GroupCoordinator;
import io.trunkline.group.GroupName;
import io.trunkline.group.GroupWatch;
import io.trunkline.group.MemberName;
import io.trunkline.log.FetchLimits;
import io.trunkline.log.FetchOutcome;
import io.trunkline.log.Logs;
import io.trunkline.log.OffsetRange;
import io.trunkline.log.Position;
import io.trunkline.log.Search;
import io.trunkline.topic.TopicPartition;
import io.trunkline.topic.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Polls: look at the member, read what it has not got, claim that, or wait for something to read. No poll holds a thread. */
final class Polls {
    /** How soon is looked again when somebody else holds what the member could get; twice as late each time. */
    private static final Duration SOON = Duration.ofMillis(2);

    private static final Duration LATEST = Duration.ofMillis(50);

    private final Function<ConsumerRef, CompletableFuture<ConsumerSnapshot>> members;
    private final GroupCoordinator coordinator;
    private final PositionResets resets;
    private final Deliveries deliveries;
    private final GroupWatch watch;
    private final Topics topics;
    private final Logs logs;
    private final HiddenPartitions hidden;
    private final Drain drain;
    private final ConsumerMetrics metrics;

    Polls(
            Function<ConsumerRef, CompletableFuture<ConsumerSnapshot>> members,
            GroupCoordinator coordinator,
            PositionStore store,
            Deliveries deliveries,
            WorkerPool pool,
            GroupWatch watch,
            Topics topics,
            Logs logs,
            HiddenPartitions hidden,
            Drain drain,
            ConsumerMetrics metrics) {
        this.members = members;
        this.coordinator = coordinator;
        resets = new PositionResets(store, pool, logs);
        this.deliveries = deliveries;
        this.watch = watch;
        this.topics = topics;
        this.logs = logs;
        this.hidden = hidden;
        this.drain = drain;
        this.metrics = metrics;
    }

    CompletableFuture<Poll> poll(ConsumerRef consumer, PollRequest wanted, CompletableFuture<Void> abandoned) {
        One one = new One(consumer, wanted, abandoned);
        CompletableFuture<Poll> poll;
        try {
            poll = one.start();
        } catch (RuntimeException e) {
            poll = CompletableFuture.failedFuture(e);
        }
        return poll.whenComplete((answer, failure) -> one.stop());
    }

    /** What a fetch from these positions found. */
    private record Fetched(List<Position> positions, Map<Long, FetchOutcome> outcomes) {}

    /** One poll. Its steps follow one another, on whatever thread. */
    private final class One {
        private final ConsumerRef consumer;
        private final GroupName group;
        private final MemberName name;
        private final PollRequest wanted;
        private final CompletableFuture<Void> abandoned;
        private final long start = System.nanoTime();
        private final PositionStore.Key key;
        private Duration soon = SOON;
        private long lookedAt;
        /** The answer before, which is to be noted as delivered together with what this poll writes. */
        private Deliveries.@Nullable Delivery before;
        /** The partitions that the member had when it was looked at before. */
        private Set<Long> had = Set.of();

        private final PassedOver passed = new PassedOver();

        /** What a wait has ended with. */
        private @Nullable Fetched fetched;

        private GroupWatch.@Nullable Watcher watcher;

        One(ConsumerRef consumer, PollRequest wanted, CompletableFuture<Void> abandoned) {
            this.consumer = consumer;
            group = consumer.group();
            name = consumer.name();
            key = new PositionStore.Key(group, name);
            this.wanted = wanted;
            this.abandoned = abandoned;
        }

        /** Goes on from the answer before, where that was delivered a moment ago; else looks at the member. */
        CompletableFuture<Poll> start() {
            Optional<Deliveries.Delivery> last = deliveries.takeOver(group, name);
            if (last.isEmpty()) {
                return look();
            }
            before = last.get();
            if (!consumer.belongsTo(last.get().after().member().owner())) {
                giveBack();
                return CompletableFuture.failedFuture(GroupCoordinator.consumerNotFound());
            }
            lookedAt = last.get().after().at();
            return look(last.get().after().member());
        }

        private CompletableFuture<Poll> look() {
            giveBack();
            return deliveries
                    .sent(group, name)
                    .thenCompose(sent -> {
                        lookedAt = System.nanoTime();
                        return members.apply(consumer);
                    })
                    .thenCompose(this::look);
        }

        private void giveBack() {
            if (before != null) {
                before.giveBack();
                before = null;
            }
        }

        private CompletableFuture<Poll> look(ConsumerSnapshot member) {
            if (abandoned.isDone()) {
                return CompletableFuture.failedFuture(
                        new TrunklineException(ErrorCode.OVERLOADED, "The client did not wait for the answer."));
            }
            if (!wanted.takes(member.options())) {
                return CompletableFuture.completedFuture(none(member));
            }
            if (!member.subscribed()) {
                return CompletableFuture.failedFuture(new TrunklineException(
                        ErrorCode.NOT_SUBSCRIBED,
                        "Consumer " + name + " reads nothing: subscribe topics or assign partitions first."));
            }
            Set<Long> hadBefore = had;
            had = member.partitionIds();
            if (member.outdated()) {
                return coordinator.look(group).thenCompose(looked -> look());
            }
            if (had.isEmpty() && !hadBefore.isEmpty()) {
                // Deleted or hidden by the rules, so that there is nothing to wait for; or given to others, who may
                // give
                // them back.
                return hidden.without(consumer.caller(), hadBefore)
                        .thenCompose(logs::ranges)
                        .thenCompose(left ->
                                left.isEmpty() ? CompletableFuture.completedFuture(empty(member)) : read(member));
            }
            return read(member);
        }

        private CompletableFuture<Poll> read(ConsumerSnapshot member) {
            return hidden.of(consumer.caller(), member.partitionIds()).thenCompose(unread -> read(member, unread));
        }

        private CompletableFuture<Poll> read(ConsumerSnapshot member, Set<Long> unread) {
            List<Position> free = new ArrayList<>();
            for (ConsumerSnapshot.Held held : member.partitions()) {
                if (unread.contains(held.partitionId())) {
                    continue;
                }
                if (held.position().isEmpty()) {
                    return noOffset();
                }
                if (!held.claimed()) {
                    free.add(new Position(held.partitionId(), passed.next(held)));
                }
            }
            Fetched last = fetched;
            fetched = null;
            if (last != null && last.positions().equals(free)) {
                return found(member, free, last.outcomes());
            }
            Map<Long, OffsetRange> known =
                    before == null ? Map.of() : before.after().ranges();
            return logs.fetch(free, limits(member, Duration.ZERO), known, abandoned)
                    .thenCompose(outcomes -> found(member, free, outcomes));
        }

        private FetchLimits limits(ConsumerSnapshot member, Duration wait) {
            return new FetchLimits(
                    member.options().minBytes(), wanted.maxBytes(), Integer.MAX_VALUE, wait, wanted.search());
        }

        private CompletableFuture<Poll> noOffset() {
            return CompletableFuture.failedFuture(new TrunklineException(
                    ErrorCode.NO_OFFSET,
                    "Nothing is committed where consumer " + name
                            + " would go on, and its auto.offset.reset is none: seek to an offset first."));
        }

        private CompletableFuture<Poll> found(
                ConsumerSnapshot member, List<Position> free, Map<Long, FetchOutcome> outcomes) {
            Map<Long, Long> offsets = new HashMap<>();
            Map<Long, OffsetRange> outOfRange = new HashMap<>();
            Map<Long, Long> positions = wanted.search().isPresent() ? member.positions() : Map.of();
            long bytes = 0;
            for (Map.Entry<Long, FetchOutcome> entry : outcomes.entrySet()) {
                switch (entry.getValue()) {
                    case FetchOutcome.OutOfRange out -> outOfRange.put(entry.getKey(), out.range());
                    case FetchOutcome.Page page
                    when page.nextOffset() == page.offset() -> {} // the next one does not fit
                    case FetchOutcome.Page page
                    when page.isEmpty() ->
                        passed.add(
                                entry.getKey(),
                                positions.getOrDefault(entry.getKey(), page.offset()),
                                page.nextOffset());
                    case FetchOutcome.Page page -> {
                        offsets.put(entry.getKey(), page.nextOffset());
                        bytes += page.byteSize();
                    }
                }
            }
            if (!outOfRange.isEmpty()) {
                return resets.reset(consumer, member, free, outOfRange).thenCompose(done -> look());
            }
            boolean full = outcomes.values().stream().anyMatch(o -> o instanceof FetchOutcome.Page p && p.full());
            boolean timeIsOver = left(member).isZero();
            boolean enough = full
                    || timeIsOver
                    || wanted.search().isPresent()
                    || bytes >= member.options().minBytes();
            boolean records = !offsets.isEmpty();
            passed.offsets(member).forEach(offsets::putIfAbsent);
            if (!offsets.isEmpty() && enough && (records || timeIsOver || isOver())) {
                return claim(member, offsets, outcomes);
            }
            return isOver()
                    ? CompletableFuture.completedFuture(empty(member))
                    : await(
                            member,
                            free.stream()
                                    .map(position -> position.behind(outcomes.get(position.partitionId())))
                                    .toList());
        }

        /** Whether the poll has looked at so much that it has to end. */
        private boolean isOver() {
            return wanted.search().map(Search::isOver).orElse(false);
        }

        /** How long may still be waited: at least the moment in which another answer of the consumer may be sent. */
        private Duration left(ConsumerSnapshot member) {
            Duration wait = wanted.wait(member.options());
            boolean held = member.partitions().stream().anyMatch(ConsumerSnapshot.Held::claimed);
            return drain.left(start, held && wait.compareTo(Deliveries.MOMENT) < 0 ? Deliveries.MOMENT : wait);
        }

        private CompletableFuture<Poll> claim(
                ConsumerSnapshot member, Map<Long, Long> offsets, Map<Long, FetchOutcome> outcomes) {
            Map<Long, OffsetRange> ranges = new HashMap<>();
            outcomes.forEach((partitionId, outcome) -> {
                if (outcome instanceof FetchOutcome.Page page) {
                    ranges.put(partitionId, page.range());
                }
            });
            return take(member, offsets, ranges).thenCompose(claimed -> {
                if (claimed.partitionIds().isEmpty()) {
                    return lookSoon(member);
                }
                return topics.partitions(claimed.partitionIds())
                        .thenApply(names -> answer(member.options().format(), claimed, names, outcomes))
                        .whenComplete((poll, failure) -> {
                            if (failure != null) {
                                claimed.delivery().ended(false);
                            }
                        });
            });
        }

        private CompletableFuture<Deliveries.Claimed> take(
                ConsumerSnapshot member, Map<Long, Long> offsets, Map<Long, OffsetRange> ranges) {
            Deliveries.Delivery last = before;
            before = null;
            return deliveries.claim(key, new Deliveries.Looked(member, ranges, lookedAt), offsets, last);
        }

        private Poll answer(
                String format,
                Deliveries.Claimed claimed,
                Map<Long, TopicPartition> names,
                Map<Long, FetchOutcome> outcomes) {
            List<Poll.Part> parts = new ArrayList<>();
            long records = 0;
            for (Long partitionId : claimed.partitionIds()) {
                TopicPartition partition = names.get(partitionId);
                if (partition == null) {
                    // Deleted a moment ago; the others would be skipped if they were answered without it.
                    throw new TrunklineException(ErrorCode.OVERLOADED, "A topic was deleted just now. Try again.");
                }
                if (outcomes.get(partitionId) instanceof FetchOutcome.Page page && !page.isEmpty()) {
                    parts.add(new Poll.Part(partition, page));
                    logs.count(partition.topic(), page);
                    records += page.count();
                }
            }
            metrics.polled(records);
            return new Poll(parts, format, claimed.generation(), claimed.delivery());
        }

        /** Somebody else has what was found: the member's own other poll, or a change of the group. */
        private CompletableFuture<Poll> lookSoon(ConsumerSnapshot member) {
            if (left(member).isZero()) {
                return CompletableFuture.completedFuture(empty(member));
            }
            return timer(pause()).thenCompose(now -> look());
        }

        private long pause() {
            long millis = soon.toMillis();
            soon = soon.compareTo(LATEST) < 0 ? soon.multipliedBy(2) : soon;
            return millis;
        }

        private CompletableFuture<Poll> await(ConsumerSnapshot member, List<Position> free) {
            // What was delivered before is committed now: maybe nothing comes for long.
            return take(member, Map.of(), Map.of()).thenCompose(committed -> {
                Duration left = left(member);
                if (left.isZero()) {
                    Map<Long, Long> offsets = passed.offsets(member);
                    return offsets.isEmpty()
                            ? CompletableFuture.completedFuture(empty(member))
                            : claim(member, offsets, Map.of());
                }
                if (watcher == null) {
                    // And once more, so that no change of the group in between is missed.
                    watcher = watch.watch(group, member.memberId(), member.generation(), member.sinceLastHeartbeat());
                    return look();
                }
                boolean held = member.partitions().stream().anyMatch(ConsumerSnapshot.Held::claimed);
                Duration wait = held ? Duration.ofMillis(Math.min(Math.max(1, left.toMillis()), pause())) : left;
                CompletableFuture<Void> end =
                        CompletableFuture.anyOf(watcher.changed(), abandoned).thenAccept(ended -> {});
                return logs.fetch(free, limits(member, wait), Map.of(), end).thenCompose(outcomes -> {
                    fetched = new Fetched(free, outcomes);
                    stopWaiting();
                    return look();
                });
            });
        }

        private CompletableFuture<Void> timer(long millis) {
            return new CompletableFuture<Void>().completeOnTimeout(null, millis, TimeUnit.MILLISECONDS);
        }

        private Poll empty(ConsumerSnapshot member) {
            metrics.polled(0);
            return none(member);
        }

        private static Poll none(ConsumerSnapshot member) {
            return new Poll(List.of(), member.options().format(), member.generation(), null);
        }

        void stop() {
            giveBack();
            stopWaiting();
        }

        private void stopWaiting() {
            if (watcher != null) {
                watcher.close();
                watcher = null;
            }
        }
    }
}
