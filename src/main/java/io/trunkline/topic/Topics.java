package io.trunkline.topic;

import com.github.benmanes.caffeine.cache.AsyncLoadingCache;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.quarkus.runtime.Startup;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.jdbc.Transactions;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/**
 * The topics. Calls return at once and complete on a worker thread; they fail with a {@link TrunklineException}, of
 * which {@code DATABASE_UNAVAILABLE} and {@code OVERLOADED} may meet every one.
 *
 * <p>Caffeine loads the classes of a cache by name, and a native executable has only those that are registered. The bean is
 * created at the start, so that a missing class stops the start and does not fail every request.
 */
@Startup
@Singleton
@RegisterForReflection(
        classNames = {"com.github.benmanes.caffeine.cache.SSMSWR", "com.github.benmanes.caffeine.cache.PSWRMW"})
public class Topics implements ConnectionUser {
    private static final int THREADS = 4;
    private static final int QUEUE = 1_000;
    private static final int CACHED = 10_000;
    private static final int KNOWN_PARTITIONS = 100_000;
    /** How long a replica may not know that another one changed or deleted a topic. */
    private static final Duration FRESH = Duration.ofSeconds(1);

    /** What is younger is not looked up again for a partition that it does not have. */
    private static final Duration RECENT = Duration.ofMillis(100);

    private final TopicStore store;
    private final Transactions transactions;
    private final TopicDefaults config;
    private final WorkerPool pool = new WorkerPool("topics", THREADS, QUEUE);
    /** Looked up anew before it expires, so that no call of a busy topic waits for that. */
    private final AsyncLoadingCache<TopicName, Loaded> cache = Caffeine.newBuilder()
            .maximumSize(CACHED)
            .expireAfterWrite(FRESH)
            .refreshAfterWrite(FRESH.multipliedBy(3).dividedBy(4))
            .buildAsync((name, executor) -> pool.call(() -> new Loaded(load(name), System.nanoTime())));

    /** What a partition is never changes, and neither is an id used again. */
    private final Cache<Long, TopicPartition> known =
            Caffeine.newBuilder().maximumSize(KNOWN_PARTITIONS).build();

    Topics(TopicStore store, Transactions transactions, TopicDefaults config) {
        this.store = store;
        this.transactions = transactions;
        this.config = config;
    }

    @Override
    public int connections() {
        return pool.threads();
    }

    @PreDestroy
    void close() {
        pool.close();
    }

    /** The names of all topics, in order. */
    public CompletableFuture<List<String>> names() {
        return pool.call(store::names);
    }

    /** A topic, at most a second old; fails with {@code TOPIC_NOT_FOUND}. */
    public CompletableFuture<Topic> get(TopicName name) {
        return loaded(name).thenApply(Loaded::topic);
    }

    /** A topic to produce to: as {@link #get}, but created first where topics are created automatically. */
    public CompletableFuture<Topic> getOrCreate(TopicName name, Creator creator) {
        return config.autoCreate() ? getOrMake(name, TopicConfig.DEFAULT, creator) : get(name);
    }

    private CompletableFuture<Topic> getOrMake(TopicName name, TopicConfig topicConfig, Creator creator) {
        return get(name)
                .exceptionallyCompose(failure -> Failures.code(failure) == ErrorCode.TOPIC_NOT_FOUND
                        ? make(name, OptionalInt.empty(), topicConfig, creator)
                                .exceptionallyCompose(f -> Failures.code(f) == ErrorCode.TOPIC_ALREADY_EXISTS
                                        ? fresh(name)
                                        : CompletableFuture.failedFuture(f))
                        : CompletableFuture.failedFuture(failure));
    }

    /**
     * A topic of the service itself, created first with a configuration where it does not exist, whatever clients may do. Fails
     * with {@code TOPIC_LIMIT_REACHED} and what else creating one fails with.
     */
    public CompletableFuture<Topic> ensure(TopicName name, TopicConfig topicConfig) {
        return getOrMake(name, topicConfig, Creator.NOBODY);
    }

    /**
     * A topic as it was a moment ago, for a caller who looks for a partition that this replica does not know of; fails with
     * {@code TOPIC_NOT_FOUND}. Callers who ask for partitions that never were cost the database little.
     */
    public CompletableFuture<Topic> recent(TopicName name) {
        return loaded(name)
                .thenCompose(l -> System.nanoTime() - l.nanos() < RECENT.toNanos()
                        ? CompletableFuture.completedFuture(l.topic())
                        : fresh(name));
    }

    /**
     * A topic as it is now, for a caller who found out that this one is gone; fails with {@code TOPIC_NOT_FOUND}. Many such
     * callers share a look-up.
     */
    public CompletableFuture<Topic> after(Topic gone) {
        return loaded(gone.name())
                .thenCompose(l -> l.topic().id().equals(gone.id())
                        ? fresh(gone.name())
                        : CompletableFuture.completedFuture(l.topic()));
    }

    /** A topic as it is now, past what this replica remembers; fails with {@code TOPIC_NOT_FOUND}. */
    public CompletableFuture<Topic> fresh(TopicName name) {
        cache.synchronous().invalidate(name);
        return get(name);
    }

    /**
     * Completes where clients may create, change and delete topics and delete records; fails with
     * {@code ADMINISTRATION_DISABLED} where they may not.
     */
    public CompletableFuture<Void> administered() {
        return config.administration()
                ? CompletableFuture.completedFuture(null)
                : CompletableFuture.failedFuture(new TrunklineException(
                        ErrorCode.ADMINISTRATION_DISABLED,
                        "This replica does not let clients create, change or delete topics, or delete records"
                                + " (trunkline.topics.administration)."));
    }

    /**
     * Creates a topic. Fails with {@code ADMINISTRATION_DISABLED}, {@code TOPIC_ALREADY_EXISTS},
     * {@code INVALID_PARTITIONS}, {@code TOPIC_LIMIT_REACHED} or {@code PARTITION_LIMIT_REACHED}.
     *
     * <p>Fails as the creator's limits do where it has too many.
     *
     * @param partitionCount from 1 to {@code trunkline.topics.max-partitions}, or empty for the default
     */
    public CompletableFuture<Topic> create(
            TopicName name, OptionalInt partitionCount, TopicConfig topicConfig, Creator creator) {
        return administered().thenCompose(allowed -> make(name, partitionCount, topicConfig, creator));
    }

    private CompletableFuture<Topic> make(
            TopicName name, OptionalInt partitionCount, TopicConfig topicConfig, Creator creator) {
        int count = partitionCount.orElse(config.defaultPartitions());
        if (count < 1 || count > config.maxPartitions()) {
            return CompletableFuture.failedFuture(badCount());
        }
        return writing(() -> {
                    if (store.find(name).isPresent()) {
                        throw alreadyExists(name);
                    }
                    checkLimits(1, count);
                    checkCreator(creator.name(), creator.limits(), 1, count);
                    store.create(name, count, topicConfig, creator.name());
                    checkLimits(0, 0);
                    checkCreator(creator.name(), creator.limits(), 0, 0);
                    return load(name);
                })
                .exceptionallyCompose(failure -> {
                    // Another call may have created it in the meantime.
                    boolean lostTheRace = Failures.code(failure) == ErrorCode.TOPIC_ALREADY_EXISTS;
                    return CompletableFuture.failedFuture(lostTheRace ? alreadyExists(name) : failure);
                })
                .whenComplete((topic, failure) -> {
                    cache.synchronous().invalidate(name);
                    if (failure == null) {
                        creator.created().accept(name);
                    }
                });
    }

    /**
     * Refuses what would be too much: once before it is written, so that it costs little, and once after it. By then the
     * transaction has locked the one row of versions to its end, so that others who add topics or partitions have either
     * committed, and are counted, or wait.
     */
    private void checkLimits(int moreTopics, int morePartitions) {
        TopicStore.Totals totals = store.totals();
        if (totals.topics() + moreTopics > config.maxTopics()) {
            throw new TrunklineException(
                    ErrorCode.TOPIC_LIMIT_REACHED,
                    "There may be at most " + config.maxTopics() + " topics (trunkline.topics.max-topics).");
        }
        if (totals.partitions() + morePartitions > config.maxTotalPartitions()) {
            throw new TrunklineException(
                    ErrorCode.PARTITION_LIMIT_REACHED,
                    "All topics together may have at most " + config.maxTotalPartitions()
                            + " partitions (trunkline.topics.max-total-partitions). Those of deleted topics count until"
                            + " their space is freed.");
        }
    }

    private void checkCreator(Optional<String> creator, Creator.Limits limits, int moreTopics, int morePartitions) {
        creator.ifPresent(name -> {
            TopicStore.Totals totals = store.totals(name);
            limits.check(totals.topics() + moreTopics, totals.partitions() + morePartitions);
        });
    }

    /**
     * Gives a topic more partitions and replaces some of its configuration, by name; what is empty goes back to its
     * default. Fails with {@code ADMINISTRATION_DISABLED}, {@code TOPIC_NOT_FOUND}, {@code INVALID_PARTITIONS},
     * {@code PARTITION_LIMIT_REACHED} or {@code INVALID_CONFIG}, and as the limits do where who created the topic has too many
     * partitions.
     */
    public CompletableFuture<Topic> change(
            TopicName name,
            OptionalInt partitionCount,
            Map<String, Optional<String>> configChanges,
            Creator.Limits limits) {
        return administered()
                .thenCompose(allowed -> writing(() -> {
                    TopicStore.Locked topic = store.lock(name).orElseThrow(() -> notFound(name));
                    int have = topic.partitionCount();
                    int more = partitionCount.isPresent() ? more(name, have, partitionCount.getAsInt()) : 0;
                    if (more > 0) {
                        checkLimits(0, more);
                        checkCreator(topic.createdBy(), limits, 0, more);
                        store.grow(name, have + more);
                    }
                    if (!configChanges.isEmpty()) {
                        store.configure(name, topic.config().with(configChanges));
                    }
                    if (more > 0) {
                        checkLimits(0, 0);
                        checkCreator(topic.createdBy(), limits, 0, 0);
                    }
                    return load(name);
                }))
                .whenComplete((topic, failure) -> cache.synchronous().invalidate(name));
    }

    /** How many partitions a topic is to get. */
    private int more(TopicName name, int have, int count) {
        if (count < have) {
            throw new TrunklineException(
                    ErrorCode.INVALID_PARTITIONS,
                    "Topic " + name + " has " + have + " partitions, which can become more but never fewer.");
        }
        if (count > config.maxPartitions()) {
            throw badCount();
        }
        return count - have;
    }

    /**
     * Deletes a topic and everything in it; its name is free at once. Fails with {@code ADMINISTRATION_DISABLED} or
     * {@code TOPIC_NOT_FOUND}.
     */
    public CompletableFuture<Void> delete(TopicName name) {
        return administered()
                .thenCompose(allowed -> this.<Void>writing(() -> {
                    if (store.lock(name).isEmpty()) {
                        throw notFound(name);
                    }
                    store.delete(name);
                    return null;
                }))
                .whenComplete((nothing, failure) -> cache.synchronous().invalidate(name));
    }

    /** Grows with every topic or partition that comes or goes. */
    CompletableFuture<Long> version() {
        return pool.call(store::version);
    }

    /** The names of all topics, with a version that they are not older than. */
    public CompletableFuture<TopicListing> listing() {
        return pool.call(() -> {
            // Before the topics are looked up: one that comes in between is in the list, or newer than its version.
            long version = store.version();
            return new TopicListing(version, store.names());
        });
    }

    /** The topics that have one of these names, with their partitions. */
    public CompletableFuture<TopicCatalog> catalog(Set<TopicName> names) {
        return pool.call(() -> {
            // As above.
            long version = store.version();
            return new TopicCatalog(version, store.idsOf(names));
        });
    }

    /** What these partitions are called; those that do not exist any more are left out, unless they are remembered. */
    public CompletableFuture<Map<Long, TopicPartition>> partitions(Collection<Long> partitionIds) {
        Map<Long, TopicPartition> remembered = known.getAllPresent(partitionIds);
        if (remembered.size() == Set.copyOf(partitionIds).size()) {
            return CompletableFuture.completedFuture(remembered);
        }
        return pool.call(() -> {
            Map<Long, TopicPartition> found = store.named(partitionIds);
            known.putAll(found);
            return found;
        });
    }

    /** What partitions are called in the log. Fails with {@code TOPIC_NOT_FOUND} or {@code PARTITION_NOT_FOUND}. */
    public CompletableFuture<Map<TopicPartition, Long>> ids(Collection<TopicPartition> names) {
        CompletableFuture<Map<TopicPartition, Long>> all = CompletableFuture.completedFuture(new HashMap<>());
        for (TopicPartition name : names) {
            all = all.thenCombine(
                    get(name.topic())
                            .thenCompose(topic -> topic.hasPartition(name.partition())
                                    ? CompletableFuture.completedFuture(topic)
                                    : recent(name.topic())),
                    (ids, topic) -> {
                        ids.put(name, topic.partitionId(name.partition()));
                        return ids;
                    });
        }
        return all;
    }

    private CompletableFuture<Loaded> loaded(TopicName name) {
        return cache.get(name);
    }

    private record Loaded(Topic topic, long nanos) {}

    private Topic load(TopicName name) {
        return store.find(name).filter(topic -> topic.partitionCount() > 0).orElseThrow(() -> notFound(name));
    }

    private <T> CompletableFuture<T> writing(Callable<T> work) {
        return pool.call(() -> transactions.write(work));
    }

    private TrunklineException badCount() {
        return new TrunklineException(
                ErrorCode.INVALID_PARTITIONS,
                "A topic has 1 to " + config.maxPartitions() + " partitions (trunkline.topics.max-partitions).");
    }

    private static TrunklineException alreadyExists(TopicName name) {
        return new TrunklineException(ErrorCode.TOPIC_ALREADY_EXISTS, "Topic " + name + " already exists.");
    }

    /** There is no such topic. */
    public static TrunklineException notFound(TopicName name) {
        return new TrunklineException(ErrorCode.TOPIC_NOT_FOUND, "Topic " + name + " does not exist.");
    }
}
