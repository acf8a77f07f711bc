package io.trunkline.consumer;

import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.access.Access;
import io.trunkline.async.Coalescer;
import io.trunkline.async.Drain;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.group.ConsumerConfig;
import io.trunkline.group.ConsumerOptions;
import io.trunkline.group.ConsumerRef;
import io.trunkline.group.GroupCoordinator;
import io.trunkline.group.GroupWatch;
import io.trunkline.group.Heartbeats;
import io.trunkline.group.OffsetAndMetadata;
import io.trunkline.group.Subscription;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.log.Logs;
import io.trunkline.log.OffsetRange;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import io.trunkline.topic.Topics;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Consumers. All that is known of one is in PostgreSQL, so any replica serves any call. Calls return at once, hold no
 * thread while they wait, and fail with a {@link TrunklineException}, of which {@code CONSUMER_NOT_FOUND},
 * {@code DATABASE_UNAVAILABLE} and {@code OVERLOADED} may meet every one; those that write may meet
 * {@code OUTCOME_UNKNOWN}. Every call for a consumer is a sign that it is alive.
 */
@ApplicationScoped
public class Consumers implements ConnectionUser {
    private static final int MOST_QUEUED = 20_000;
    private static final int MOST_TOGETHER = 200;
    /** How soon is looked again whether answers have been sent; twice as late each time. */
    private static final long SOON_MILLIS = 5;

    private static final long LATEST_MILLIS = 100;

    private final Topics topics;
    private final Logs logs;
    private final GroupCoordinator coordinator;
    private final Deliveries deliveries;
    private final PositionStore store;
    private final Heartbeats heartbeats;
    private final GroupWatch watch;
    private final Polls polls;
    private final ConsumerConfig config;
    private final Coalescer<PositionStore.Key, Optional<ConsumerSnapshot>> states;
    private final WorkerPool pool;
    private final ScheduledExecutorService timer = WorkerPool.timer("consumer-timer", 2);

    Consumers(
            GroupCoordinator coordinator,
            Heartbeats heartbeats,
            GroupWatch watch,
            PositionStore store,
            Topics topics,
            Logs logs,
            Access access,
            Drain drain,
            ConsumerConfig config,
            ConsumerMetrics metrics) {
        this.coordinator = coordinator;
        this.heartbeats = heartbeats;
        this.watch = watch;
        this.store = store;
        this.topics = topics;
        this.logs = logs;
        this.config = config;
        pool = new WorkerPool("consumer", config.threads(), MOST_QUEUED);
        deliveries = new Deliveries(store, config, heartbeats, pool, timer);
        states = new Coalescer<>(pool, 2, MOST_TOGETHER, MOST_QUEUED, store::states);
        polls = new Polls(
                this::state,
                coordinator,
                store,
                deliveries,
                pool,
                watch,
                topics,
                logs,
                new HiddenPartitions(access, topics),
                drain,
                metrics);
        coordinator.beforeChanges(deliveries::sent);
        metrics.waiting(watch::waiting);
    }

    @Override
    public int connections() {
        return pool.threads();
    }

    /** Lets what is being written end, while there still is a database to write it to. */
    void stop(@Observes @Priority(10) ShutdownEvent event) {
        timer.shutdownNow();
        deliveries.close();
        pool.close();
    }

    /** Makes a consumer that reads nothing yet. Fails with {@code CONSUMER_ALREADY_EXISTS} or {@code GROUP_FULL}. */
    public CompletableFuture<Void> create(ConsumerRef consumer, ConsumerOptions options) {
        return coordinator.join(consumer, options);
    }

    /** Removes a consumer; its partitions go to the others at once. */
    public CompletableFuture<Void> delete(ConsumerRef consumer) {
        return coordinator.leave(consumer);
    }

    /**
     * Changes what a consumer reads; its partitions are known when this completes. Fails with
     * {@code SUBSCRIPTION_CONFLICT} where it reads something of another kind.
     */
    public CompletableFuture<Void> subscribe(ConsumerRef consumer, Subscription subscription) {
        return coordinator.subscribe(consumer, subscription);
    }

    /**
     * Assigns partitions by hand, whoever else reads them; those that do not exist yet are read when they do. Fails as
     * {@link #subscribe}.
     */
    public CompletableFuture<Void> assign(ConsumerRef consumer, Collection<TopicPartition> partitions) {
        return subscribe(
                consumer,
                partitions.isEmpty()
                        ? new Subscription.None()
                        : new Subscription.Partitions(new TreeSet<>(partitions)));
    }

    /** Fails with {@code CONSUMER_NOT_FOUND} where there is no such consumer, or none for the caller. */
    public CompletableFuture<Void> check(ConsumerRef consumer) {
        return state(consumer).thenApply(state -> null);
    }

    /**
     * A sign that a consumer is alive though it does not poll for now. What was delivered to it is committed where its next poll would
     * do that. Fails with {@code CONSUMER_NOT_FOUND}.
     */
    public CompletableFuture<Void> alive(ConsumerRef consumer) {
        return deliveries
                .sent(consumer.group(), consumer.name())
                .thenCompose(sent -> state(consumer))
                .thenCompose(state -> state.options().autoCommit()
                                && state.partitions().stream().anyMatch(ConsumerSnapshot.Held::uncommitted)
                        ? pool.call(() -> store.commitDelivered(state.memberId()))
                        : CompletableFuture.completedFuture(false))
                .thenAccept(committed -> {});
    }

    public record Reading(SortedSet<TopicName> topics, SortedSet<TopicPartition> partitions) {}

    /**
     * What a consumer reads: the topics that it has subscribed, that match its pattern, or of which it has partitions by
     * hand; and its partitions.
     */
    public CompletableFuture<Reading> reading(ConsumerRef consumer) {
        return fresh(consumer)
                .thenCompose(state -> partitions(state)
                        .thenCombine(coordinator.wishes(consumer), (partitions, wishes) -> {
                            SortedSet<TopicName> names = new TreeSet<>(wishes.topics());
                            if (state.kind() == ConsumerSnapshot.SubscriptionKind.PARTITIONS) {
                                partitions.forEach(partition -> names.add(partition.topic()));
                            }
                            partitions.addAll(wishes.assigned());
                            return new Reading(names, partitions);
                        }));
    }

    private CompletableFuture<SortedSet<TopicPartition>> partitions(ConsumerSnapshot state) {
        return topics.partitions(state.partitionIds()).thenApply(names -> new TreeSet<>(names.values()));
    }

    /**
     * Gives a consumer what comes next in its partitions, and waits for it when there is nothing. Fails with
     * {@code NOT_SUBSCRIBED} or {@code NO_OFFSET}.
     *
     * @param abandoned completes when nobody is interested any more, which ends the wait
     */
    public CompletableFuture<Poll> poll(ConsumerRef consumer, PollRequest request, CompletableFuture<Void> abandoned) {
        return polls.poll(consumer, request, abandoned);
    }

    /** Commits what was delivered to a consumer; waits for an answer that is being sent. */
    public CompletableFuture<Void> commit(ConsumerRef consumer) {
        return commit(consumer, System.nanoTime() + config.deliveryTimeout().toNanos() * 2, SOON_MILLIS);
    }

    private CompletableFuture<Void> commit(ConsumerRef consumer, long deadline, long pauseMillis) {
        return deliveries
                .sent(consumer.group(), consumer.name())
                .thenCompose(sent -> state(consumer))
                .thenCompose(state -> state.partitions().stream().anyMatch(ConsumerSnapshot.Held::claimed)
                        ? CompletableFuture.completedFuture(false)
                        : pool.call(() -> store.commitDelivered(state.memberId())))
                .thenCompose(committed -> {
                    if (committed) {
                        return CompletableFuture.completedFuture(null);
                    }
                    if (System.nanoTime() - deadline > 0) {
                        return CompletableFuture.failedFuture(new TrunklineException(
                                ErrorCode.OVERLOADED,
                                "Records are still being sent to the consumer; nothing was committed. Try again."));
                    }
                    return new CompletableFuture<Void>()
                            .completeOnTimeout(null, pauseMillis, TimeUnit.MILLISECONDS)
                            .thenCompose(now -> commit(consumer, deadline, Math.min(LATEST_MILLIS, pauseMillis * 2)));
                });
    }

    /**
     * Commits offsets, each the next to read, as they are given: of partitions that the consumer has, or that nobody of the
     * group has. Fails with {@code COMMIT_FENCED} when another one has one of them, {@code TOPIC_NOT_FOUND} or
     * {@code PARTITION_NOT_FOUND}; then none is committed.
     */
    public CompletableFuture<Void> commit(ConsumerRef consumer, Map<TopicPartition, OffsetAndMetadata> offsets) {
        return state(consumer)
                .thenCompose(state -> topics.ids(offsets.keySet()).thenCompose(ids -> {
                    Map<Long, OffsetAndMetadata> byId = OffsetAndMetadata.byId(offsets, ids);
                    if (byId.isEmpty()) {
                        return CompletableFuture.completedFuture(null);
                    }
                    CompletableFuture<Boolean> committed = state.partitionIds().containsAll(byId.keySet())
                            ? pool.call(() -> store.commit(state.memberId(), byId))
                            : CompletableFuture.completedFuture(false);
                    return committed.thenCompose(
                            done -> done ? CompletableFuture.completedFuture(null) : commitUnheld(consumer, ids, byId));
                }));
    }

    private CompletableFuture<Void> commitUnheld(
            ConsumerRef consumer, Map<TopicPartition, Long> ids, Map<Long, OffsetAndMetadata> offsets) {
        return coordinator
                .commit(consumer, offsets)
                .thenAccept(fenced -> fenced.ifPresent(id -> {
                    TopicPartition partition = ids.entrySet().stream()
                            .filter(entry -> entry.getValue().equals(id))
                            .findFirst()
                            .orElseThrow()
                            .getKey();
                    throw new TrunklineException(
                            ErrorCode.COMMIT_FENCED,
                            "Another consumer of the group has partition " + partition.partition() + " of topic "
                                    + partition.topic()
                                    + "; nothing was committed. It goes on from what was committed before.");
                }));
    }

    /**
     * Moves a consumer. Fails with {@code PARTITION_NOT_ASSIGNED} when it does not have all of the partitions; then none is
     * moved.
     */
    public CompletableFuture<Void> seek(ConsumerRef consumer, Map<TopicPartition, OffsetAndMetadata> offsets) {
        return deliveries
                .sent(consumer.group())
                .thenCompose(sent -> move(consumer, offsets))
                .whenComplete((done, failure) -> watch.changed(consumer.group()));
    }

    /** Moves a consumer to the first record that is kept, of all its partitions where none are named. */
    public CompletableFuture<Void> seekToBeginning(ConsumerRef consumer, Collection<TopicPartition> partitions) {
        return seek(consumer, partitions, OffsetRange::logStartOffset);
    }

    /** Moves a consumer past the last record, of all its partitions where none are named. */
    public CompletableFuture<Void> seekToEnd(ConsumerRef consumer, Collection<TopicPartition> partitions) {
        return seek(consumer, partitions, OffsetRange::endOffset);
    }

    private CompletableFuture<Void> seek(
            ConsumerRef consumer, Collection<TopicPartition> partitions, Function<OffsetRange, Long> offset) {
        return fresh(consumer)
                .thenCompose(this::partitions)
                .thenCompose(held -> partitions.isEmpty() ? topics.ids(held) : held(held, partitions))
                .thenCompose(ids -> logs.ranges(ids.values()).thenCompose(ranges -> {
                    Map<TopicPartition, OffsetAndMetadata> offsets = new TreeMap<>();
                    ids.forEach((partition, id) -> {
                        OffsetRange range = ranges.get(id);
                        if (range != null) {
                            offsets.put(partition, new OffsetAndMetadata(offset.apply(range)));
                        }
                    });
                    return seek(consumer, offsets);
                }));
    }

    private CompletableFuture<Map<TopicPartition, Long>> held(
            SortedSet<TopicPartition> held, Collection<TopicPartition> wanted) {
        for (TopicPartition partition : wanted) {
            if (!held.contains(partition)) {
                return CompletableFuture.failedFuture(notAssigned(partition));
            }
        }
        return topics.ids(wanted);
    }

    private CompletableFuture<Void> move(ConsumerRef consumer, Map<TopicPartition, OffsetAndMetadata> offsets) {
        return state(consumer)
                .thenCompose(state -> topics.ids(offsets.keySet()).thenCompose(ids -> {
                    Map<Long, OffsetAndMetadata> byId = OffsetAndMetadata.byId(offsets, ids);
                    Set<Long> held = state.partitionIds();
                    for (TopicPartition partition : offsets.keySet()) {
                        if (!held.contains(ids.get(partition))) {
                            return CompletableFuture.failedFuture(notAssigned(partition));
                        }
                    }
                    if (byId.isEmpty()) {
                        return CompletableFuture.completedFuture(null);
                    }
                    return pool.call(() -> store.seek(state.memberId(), byId)).thenCompose(done -> {
                        if (done) {
                            return CompletableFuture.completedFuture(null);
                        }
                        // It has lost a partition since it was looked at; maybe it is not there any
                        // more itself.
                        return state(consumer)
                                .thenCompose(now -> CompletableFuture.failedFuture(
                                        notAssigned(offsets.keySet().iterator().next())));
                    });
                }));
    }

    /** In Kafka's words, which the bridge gives on. */
    private static TrunklineException notAssigned(TopicPartition partition) {
        return new TrunklineException(
                ErrorCode.PARTITION_NOT_ASSIGNED,
                "No current assignment for partition " + partition.topic() + "-" + partition.partition());
    }

    /** A consumer as it is now. Fails with {@code CONSUMER_NOT_FOUND}. */
    private CompletableFuture<ConsumerSnapshot> state(ConsumerRef consumer) {
        return states.ask(new PositionStore.Key(consumer.group(), consumer.name()))
                .thenApply(found -> {
                    ConsumerSnapshot state = found.filter(known -> consumer.belongsTo(known.owner()))
                            .orElseThrow(GroupCoordinator::consumerNotFound);
                    heartbeats.seen(state.memberId(), state.sinceLastHeartbeat());
                    return state;
                });
    }

    /** As {@link #state}, after the partitions have been shared out anew where topics have come or gone. */
    private CompletableFuture<ConsumerSnapshot> fresh(ConsumerRef consumer) {
        return state(consumer)
                .thenCompose(state -> state.outdated()
                        ? coordinator.look(consumer.group()).thenCompose(looked -> state(consumer))
                        : CompletableFuture.completedFuture(state));
    }
}
