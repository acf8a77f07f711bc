package io.trunkline.group;

import io.trunkline.access.Access;
import io.trunkline.access.Principal;
import io.trunkline.error.TrunklineException;
import io.trunkline.log.Logs;
import io.trunkline.log.OffsetRange;
import io.trunkline.topic.TopicCatalog;
import io.trunkline.topic.TopicListing;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/**
 * What a change of a group has to know of topics and logs. Every method blocks: call it from a worker thread, and never
 * while the group's row is locked.
 */
final class GroupLookups {
    /** The version of topics of a group that is to be looked at again. */
    static final long UNKNOWN = 0;

    private final Topics topics;
    private final Logs logs;
    private final Access access;
    private final TopicPatterns patterns = new TopicPatterns();

    GroupLookups(Topics topics, Logs logs, Access access) {
        this.topics = topics;
        this.logs = logs;
        this.access = access;
    }

    /** The beginning of a partition for a group, as the member asks for it that gets the partition first. */
    record Start(long partitionId, OffsetReset reset, boolean fromStart) {}

    /** @throws TrunklineException {@code INVALID_SUBSCRIPTION} for a pattern that cannot be understood */
    void check(Subscription subscription) {
        if (subscription instanceof Subscription.Matching matching) {
            patterns.check(matching);
        }
    }

    /** The topics that match a pattern now, of those that its reader may read. */
    Set<TopicName> matching(String pattern, Optional<Principal> reader) {
        Set<TopicName> names =
                names(patterns.matches(topics.listing().join().names()).of(pattern));
        Readers readers = readers(Set.copyOf(reader.stream().toList()));
        names.removeIf(name -> !readers.mayRead(reader, name));
        return names;
    }

    /** What principals may read, by rules that are not older than what has been looked up before. */
    private Readers readers(Set<Principal> principals) {
        return access.isRequired()
                ? new Readers(true, access.latestRights(principals).join())
                : Readers.ALL;
    }

    /**
     * The topics that subscriptions come to.
     *
     * @param principals for whom members read
     * @param goes whether a member leaves or expires, which waits for no pattern: what takes too long to match then counts as
     *     nothing, and the version is unknown, so that the group is looked at again
     */
    SubscribedTopics topics(Set<Subscription> subscriptions, Set<Principal> principals, boolean goes) {
        Set<TopicName> names = new HashSet<>();
        Set<String> texts = new HashSet<>();
        for (Subscription subscription : subscriptions) {
            switch (subscription) {
                case Subscription.Topics t -> names.addAll(t.names());
                case Subscription.Matching matching -> texts.add(matching.pattern());
                case Subscription.None none -> {}
                case Subscription.Partitions partitions -> names.addAll(partitions.topics());
            }
        }
        if (texts.isEmpty()) {
            TopicCatalog catalog = topics.catalog(names).join();
            // After the version of the topics, which a change of the rules raises too.
            return new SubscribedTopics(catalog, Map.of(), readers(principals));
        }
        TopicListing listing = topics.listing().join();
        long version = listing.version();
        TopicPatterns.Matches matches = patterns.matches(listing.names());
        Map<String, Set<TopicName>> matching = new HashMap<>();
        for (String text : texts) {
            try {
                matching.put(text, names(matches.of(text)));
            } catch (TrunklineException e) {
                if (!goes) {
                    throw e;
                }
                version = UNKNOWN;
            }
        }
        matching.values().forEach(names::addAll);
        return new SubscribedTopics(
                new TopicCatalog(version, topics.catalog(names).join().partitionIds()), matching, readers(principals));
    }

    private static Set<TopicName> names(Set<String> texts) {
        Set<TopicName> names = new HashSet<>();
        texts.forEach(text -> TopicName.stored(text).ifPresent(names::add));
        return names;
    }

    /** The offsets of beginnings, each empty where polls are to fail; without those of partitions that are gone. */
    Map<Start, OptionalLong> offsets(Set<Start> starts) {
        if (starts.isEmpty()) {
            return Map.of();
        }
        Map<Long, OffsetRange> ranges = logs.ranges(
                        starts.stream().map(Start::partitionId).collect(Collectors.toSet()))
                .join();
        Map<Start, CompletableFuture<OptionalLong>> asked = new HashMap<>();
        for (Start start : starts) {
            OffsetRange range = ranges.get(start.partitionId());
            if (range != null) {
                asked.put(start, offset(start, range));
            }
        }
        Map<Start, OptionalLong> offsets = new HashMap<>();
        asked.forEach((start, offset) -> offsets.put(start, offset.join()));
        return offsets;
    }

    private CompletableFuture<OptionalLong> offset(Start start, OffsetRange range) {
        OptionalLong first = OptionalLong.of(range.logStartOffset());
        return switch (start.reset()) {
            case OffsetReset.None none -> CompletableFuture.completedFuture(OptionalLong.empty());
            case OffsetReset.Earliest earliest -> CompletableFuture.completedFuture(first);
            case OffsetReset.Latest latest ->
                CompletableFuture.completedFuture(start.fromStart() ? first : OptionalLong.of(range.endOffset()));
            case OffsetReset.ByDuration(Duration duration) ->
                start.fromStart()
                        ? CompletableFuture.completedFuture(first)
                        : logs.offsetForAge(start.partitionId(), duration).thenApply(OptionalLong::of);
        };
    }
}
