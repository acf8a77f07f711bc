package io.trunkline.log;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.record.ByteColumn;
import io.trunkline.record.RecordBatch;
import io.trunkline.topic.Topic;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Takes a call's records apart by partition, hands them to the combiner, and puts the answers together again. */
final class Appends implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Appends.class);
    private static final int REMEMBERED_TOPICS = 100_000;

    private final Topics topics;
    private final AppendBatcher combiner;
    private final LogMetrics metrics;
    private final ConcurrentHashMap<TopicName, StickyPartitioner> partitioners = new ConcurrentHashMap<>();

    Appends(Topics topics, AppendBatcher combiner, LogMetrics metrics) {
        this.topics = topics;
        this.combiner = combiner;
        this.metrics = metrics;
    }

    int connections() {
        return combiner.connections();
    }

    long queuedBytes() {
        return combiner.queuedBytes();
    }

    @Override
    public void close() {
        combiner.close();
    }

    CompletableFuture<Logs.Accepted> append(
            TopicName name, RecordBatch records, int[] partitions, OptionalInt only, boolean allOrNothing) {
        return topics.getOrCreate(name)
                .thenCompose(topic -> namesAll(topic, partitions, only)
                        ? CompletableFuture.completedFuture(topic)
                        : topics.recent(name))
                .thenApply(topic ->
                        new Logs.Accepted(new Call(topic, records, partitions, only, allOrNothing).submit(true)));
    }

    private static boolean namesAll(Topic topic, int[] partitions, OptionalInt only) {
        return (only.isEmpty() || topic.hasPartition(only.getAsInt()))
                && Arrays.stream(partitions).allMatch(p -> p == Logs.ANY_PARTITION || topic.hasPartition(p));
    }

    private StickyPartitioner partitioner(TopicName name) {
        if (partitioners.size() > REMEMBERED_TOPICS) {
            partitioners.clear(); // only where the next records without a key go is forgotten
        }
        return partitioners.computeIfAbsent(name, n -> new StickyPartitioner());
    }

    /** The records of a call that go to one partition. */
    private static final class Members {
        private int[] indexes = new int[4];
        private int count;

        void add(int index) {
            if (count == indexes.length) {
                indexes = Arrays.copyOf(indexes, count * 2);
            }
            indexes[count++] = index;
        }

        int[] indexes() {
            return Arrays.copyOf(indexes, count);
        }
    }

    /** One call on one topic. */
    private final class Call {
        private final Topic topic;
        private final RecordBatch records;
        private final int[] asked;
        private final OptionalInt only;
        private final boolean allOrNothing;
        private final int[] partitions;
        private final long[] offsets;
        private final @Nullable TrunklineException[] failures;
        /** One failure for all records that name the same partition: there can be very many of them. */
        private final Map<Integer, TrunklineException> unknownPartitions = new HashMap<>();

        Call(Topic topic, RecordBatch records, int[] asked, OptionalInt only, boolean allOrNothing) {
            this.topic = topic;
            this.records = records;
            this.asked = asked;
            this.only = only;
            this.allOrNothing = allOrNothing;
            partitions = new int[records.count()];
            offsets = new long[records.count()];
            failures = new TrunklineException[records.count()];
        }

        /** Throws when nothing was accepted. */
        CompletableFuture<AppendResult> submit(boolean mayRetry) {
            only.ifPresent(topic::partitionId);
            Map<Integer, Members> byPartition = assign();
            long start = System.nanoTime();
            List<int[]> indexes = new ArrayList<>(byPartition.size());
            List<AppendBatcher.Part> parts = new ArrayList<>(byPartition.size());
            byPartition.forEach((partition, members) -> {
                int[] indexesOf = members.indexes();
                indexes.add(indexesOf);
                parts.add(new AppendBatcher.Part(
                        topic.partitionId(partition),
                        pick(indexesOf),
                        !topic.config().logAppendTime()));
            });
            combiner.submit(parts);
            List<CompletableFuture<Void>> ends = new ArrayList<>(parts.size());
            for (int p = 0; p < parts.size(); p++) {
                AppendBatcher.Part part = parts.get(p);
                int[] members = indexes.get(p);
                ends.add(part.baseOffset().handle((base, failure) -> {
                    if (failure == null) {
                        written(part, members, base, System.nanoTime() - start);
                    } else {
                        failed(members, failure);
                    }
                    return null;
                }));
            }
            return CompletableFuture.allOf(ends.toArray(new CompletableFuture<?>[0]))
                    .thenCompose(done -> mayRetry && !parts.isEmpty() && topicIsGone()
                            ? again()
                            : CompletableFuture.completedFuture(new AppendResult(partitions, offsets, failures)));
        }

        private Map<Integer, Members> assign() {
            Map<Integer, Members> byPartition = new TreeMap<>();
            ByteColumn keys = records.keys();
            int largest = topic.config().maxMessageBytes();
            StickyPartitioner sticky = partitioner(topic.name());
            for (int i = 0; i < records.count(); i++) {
                long size = records.sizeOf(i);
                if (only.isPresent()) {
                    partitions[i] = only.getAsInt();
                } else if (asked[i] != Logs.ANY_PARTITION) {
                    partitions[i] = asked[i];
                } else if (keys != null && !keys.isNull(i)) {
                    partitions[i] =
                            Murmur2.partition(keys.bytes(), keys.start(i), keys.length(i), topic.partitionCount());
                } else {
                    partitions[i] = sticky.next(topic, size);
                }
                failures[i] = invalid(partitions[i], size, largest);
                TrunklineException failure = failures[i];
                if (failure == null) {
                    byPartition
                            .computeIfAbsent(partitions[i], p -> new Members())
                            .add(i);
                } else if (allOrNothing) {
                    throw failure;
                }
            }
            return byPartition;
        }

        private @Nullable TrunklineException invalid(int partition, long size, int largest) {
            if (!topic.hasPartition(partition)) {
                return unknownPartitions.computeIfAbsent(
                        partition,
                        p -> new TrunklineException(
                                ErrorCode.PARTITION_NOT_FOUND,
                                "Topic " + topic.name() + " has no partition " + partition + ": it has "
                                        + topic.partitionCount() + ", numbered from 0."));
            }
            if (size > largest) {
                return new TrunklineException(
                        ErrorCode.RECORD_TOO_LARGE,
                        "Topic " + topic.name() + " takes records of at most " + largest
                                + " bytes of key, value and headers (max.message.bytes).");
            }
            return null;
        }

        private RecordBatch pick(int[] members) {
            return members.length == records.count() ? records : records.pick(members);
        }

        private void written(AppendBatcher.Part part, int[] members, long base, long nanos) {
            long offset = base;
            for (int i : members) {
                offsets[i] = offset++;
            }
            metrics.appended(
                    topic.name(), part.records().count(), part.records().byteSize(), nanos);
        }

        private void failed(int[] members, Throwable failure) {
            TrunklineException reason;
            if (Failures.unwrapped(failure) instanceof TrunklineException known) {
                reason = known;
            } else {
                reason = new TrunklineException(
                        ErrorCode.INTERNAL, "The service failed; its log has the details.", failure);
            }
            if (reason.code() == ErrorCode.INTERNAL) {
                LOG.errorf(reason.getCause(), "Append failed topic=%s records=%d", topic.name(), members.length);
            } else {
                LOG.debugf("Append failed topic=%s records=%d code=%s", topic.name(), members.length, reason.code());
            }
            for (int i : members) {
                failures[i] = reason;
            }
        }

        /** Whether none of the records was written because the topic that was remembered has been deleted. */
        private boolean topicIsGone() {
            return Arrays.stream(failures).allMatch(f -> f != null && f.code() == ErrorCode.PARTITION_NOT_FOUND);
        }

        private CompletableFuture<AppendResult> again() {
            return topics.after(topic)
                    .thenCompose(now -> new Call(now, records, asked, only, allOrNothing).submit(false));
        }
    }
}
