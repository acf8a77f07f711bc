package io.trunkline.rest;

import io.trunkline.edge.Exchange;
import io.trunkline.edge.ResponseBudget;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.json.JsonBuffer;
import io.trunkline.log.FetchLimits;
import io.trunkline.log.FetchOutcome;
import io.trunkline.log.Follow;
import io.trunkline.log.Logs;
import io.trunkline.log.OffsetRange;
import io.trunkline.log.Position;
import io.trunkline.topic.Topic;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** The records of a topic, of one partition or of all, as they are appended. */
final class TopicSource implements StreamSource {
    private static final long PAGE = 256 * 1024;
    private static final int MOST_RECORDS = 100_000;
    /** What a stream holds for each partition, in bytes: its positions, and its place among those that wait. */
    private static final long PARTITION_BYTES = 512;

    private final Logs logs;
    private final Topics topics;
    private final ResponseBudget budget;
    private final Exchange exchange;
    private final PageRoom room;
    private final StreamFilter filter;
    private final Topic topic;
    private final IntFunction<RecordWriter> writers;
    private final Cursor.Progress progress;
    private final Follow follow;
    /** The numbers of the partitions, by their ids. */
    private final Map<Long, Integer> numbers = new ConcurrentHashMap<>();
    /** What the client has to know before its first record; null when it was told. Used by one page after the other. */
    private StreamPage.Part.@Nullable Notice first;

    private volatile @Nullable TrunklineException failure;

    /**
     * Where a stream begins.
     *
     * @param partition of a stream of one; empty for all
     * @param offsets by partition number
     * @param recreated whether its cursor was that of an earlier topic of the name
     */
    record Start(Topic topic, OptionalInt partition, Map<Integer, Long> offsets, boolean recreated) {
        Start {
            offsets = Map.copyOf(offsets);
        }
    }

    /**
     * @param writers of the records of each partition
     * @throws TrunklineException {@code OVERLOADED} when there is no room for it
     */
    TopicSource(
            Start start,
            IntFunction<RecordWriter> writers,
            StreamFilter filter,
            Exchange exchange,
            Logs logs,
            Topics topics,
            ResponseBudget budget) {
        this.filter = filter;
        this.logs = logs;
        this.topics = topics;
        this.budget = budget;
        this.exchange = exchange;
        room = new PageRoom(exchange);
        this.writers = writers;
        topic = start.topic();
        progress = new Cursor.Progress(topic, start.partition());
        exchange.take(start.offsets().size() * PARTITION_BYTES);
        List<Position> positions = new ArrayList<>();
        start.offsets().forEach((partition, offset) -> {
            progress.set(partition, offset);
            numbers.put(topic.partitionId(partition), partition);
            positions.add(new Position(topic.partitionId(partition), offset));
        });
        first = start.recreated()
                ? new StreamPage.Part.Notice(
                        "recreated",
                        new JsonBuffer(64)
                                .ascii("{\"topic\":")
                                .string(topic.name().value())
                                .ascii("}")
                                .toBytes(),
                        start.partition().orElse(0),
                        start.offsets().getOrDefault(start.partition().orElse(0), 0L))
                : null;
        follow = logs.follow(positions);
    }

    @Override
    public byte @Nullable [] cursor() {
        return first == null ? progress.text() : null;
    }

    @Override
    public void close() {
        filter.stop();
        follow.close();
    }

    /**
     * The topic of this name has these partitions now, or there is none.
     *
     * @param ids what they are called in the log, by partition number; empty where there is no topic
     * @return whether that need not be said again; not so while there is no room for further partitions
     */
    boolean changed(List<Long> ids) {
        // That it was deleted shows at its partitions.
        if (ids.isEmpty() || !ids.getFirst().equals(topic.partitionIds().getFirst())) {
            return true;
        }
        List<Position> added = new ArrayList<>();
        for (long id : ids) {
            if (!numbers.containsKey(id)) {
                added.add(new Position(id, 0));
            }
        }
        if (added.isEmpty()) {
            return true;
        }
        try {
            checkCount(topic.name(), ids.size());
        } catch (TrunklineException e) {
            failure = e;
            follow.close();
            return true;
        }
        try {
            exchange.take(added.size() * PARTITION_BYTES);
        } catch (TrunklineException e) {
            return false;
        }
        for (Position position : added) {
            numbers.put(position.partitionId(), ids.indexOf(position.partitionId()));
        }
        follow.add(added);
        return true;
    }

    /** @throws TrunklineException {@code INVALID_PARAMETER} for a topic that has too many partitions for one stream */
    static void checkCount(Topic topic) {
        checkCount(topic.name(), topic.partitionCount());
    }

    private static void checkCount(TopicName name, int partitions) {
        if (partitions > Cursor.MOST_PARTITIONS) {
            throw new TrunklineException(
                    ErrorCode.INVALID_PARAMETER,
                    "Topic " + name + " has " + partitions
                            + " partitions, and a stream has at most " + Cursor.MOST_PARTITIONS
                            + ": read its partitions one by one.");
        }
    }

    @Override
    public CompletableFuture<StreamPage> next() {
        StreamPage.Part.Notice notice = first;
        if (notice != null) {
            StreamPage page = new StreamPage(List.of(notice), progress, taken -> {});
            exchange.take(page.memory());
            first = null;
            return CompletableFuture.completedFuture(page);
        }
        FetchLimits limits =
                new FetchLimits(1, Math.min(PAGE, budget.share()), MOST_RECORDS, Duration.ZERO, filter.begin());
        return follow.next(limits, () -> room.reserve(limits.maxBytes()))
                .exceptionallyCompose(reason -> Failures.code(reason) == ErrorCode.PARTITION_NOT_FOUND
                        ? topics.after(topic).thenCompose(now -> CompletableFuture.failedFuture(gone(now)))
                        : CompletableFuture.failedFuture(reason))
                .whenComplete((found, reason) -> filter.end())
                .thenApply(this::page)
                .whenComplete((page, reason) -> room.settle());
    }

    private TrunklineException gone(Topic now) {
        return new TrunklineException(
                ErrorCode.TOPIC_NOT_FOUND,
                "Topic " + topic.name() + " was deleted"
                        + (now.id().equals(topic.id()) ? "." : ", and another one of its name exists now."));
    }

    private StreamPage page(Map<Long, FetchOutcome> found) {
        TrunklineException reason = failure;
        if (reason != null) {
            throw reason;
        }
        List<StreamPage.Part> parts = new ArrayList<>();
        for (Map.Entry<Long, FetchOutcome> entry : found.entrySet()) {
            int partition = numbers.getOrDefault(entry.getKey(), 0);
            switch (entry.getValue()) {
                case FetchOutcome.OutOfRange out -> parts.add(overtaken(entry.getKey(), partition, out.range()));
                case FetchOutcome.Page page
                when page.isEmpty() -> parts.add(new StreamPage.Part.Passed(partition, page.nextOffset()));
                case FetchOutcome.Page page ->
                    parts.add(new StreamPage.Part.Records(
                            partition, writers.apply(partition), page.batches(), page.nextOffset()));
            }
        }
        StreamPage given = new StreamPage(parts, progress, taken -> {});
        try {
            room.take(given);
        } catch (TrunklineException e) {
            goBack(found);
            throw e;
        }
        for (FetchOutcome outcome : found.values()) {
            if (outcome instanceof FetchOutcome.Page page) {
                logs.count(topic.name(), page);
            }
        }
        return given;
    }

    /** Retention has overtaken the reader, who goes on where the log starts. */
    private StreamPage.Part overtaken(long partitionId, int partition, OffsetRange range) {
        long expected = progress.offset(partition);
        if (expected > range.endOffset()) {
            throw new TrunklineException(
                    ErrorCode.OFFSET_OUT_OF_RANGE,
                    "Offset " + expected + " of partition " + partition + " of topic " + topic.name()
                            + " is beyond its end, which is " + range.endOffset() + ".");
        }
        follow.seek(new Position(partitionId, range.logStartOffset()), range);
        return new StreamPage.Part.Notice(
                "overtaken",
                new JsonBuffer(96)
                        .ascii("{\"partition\":")
                        .number(partition)
                        .ascii(",\"expected\":")
                        .number(expected)
                        .ascii(",\"actual\":")
                        .number(range.logStartOffset())
                        .ascii("}")
                        .toBytes(),
                partition,
                range.logStartOffset());
    }

    /** There is no room for what was found: it is read again later. */
    private void goBack(Map<Long, FetchOutcome> found) {
        found.forEach((partitionId, outcome) -> {
            OffsetRange range = switch (outcome) {
                case FetchOutcome.OutOfRange out -> out.range();
                case FetchOutcome.Page page -> page.range();
            };
            follow.seek(new Position(partitionId, progress.offset(numbers.getOrDefault(partitionId, 0))), range);
        });
    }
}
