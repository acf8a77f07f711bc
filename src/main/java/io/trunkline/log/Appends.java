package io.trunkline.log;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
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
    private final Combiner combiner;
    private final Wakeups wakeups;
    private final LogMetrics metrics;
    private final ConcurrentHashMap<TopicName, StickyPartitioner> partitioners = new ConcurrentHashMap<>();

    Appends(Topics topics, Combiner combiner, Wakeups wakeups, LogMetrics metrics) {
        this.topics = topics;
        this.combiner = combiner;
        this.wakeups = wakeups;
        this.metrics = metrics;
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
            Map<Integer, List<Integer>> byPartition = assign();
            List<List<Integer>> indexes = new ArrayList<>(byPartition.size());
            List<Combiner.Part> parts = new ArrayList<>(byPartition.size());
            byPartition.forEach((partition, members) -> {
                indexes.add(members);
                parts.add(new Combiner.Part(
                        topic.partitionId(partition),
                        pick(members),
                        !topic.config().logAppendTime()));
            });
            combiner.submit(parts);
            List<CompletableFuture<Void>> ends = new ArrayList<>(parts.size());
            for (int p = 0; p < parts.size(); p++) {
                Combiner.Part part = parts.get(p);
                List<Integer> members = indexes.get(p);
                ends.add(part.baseOffset().handle((base, failure) -> {
                    if (failure == null) {
                        written(part, members, base);
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

        private Map<Integer, List<Integer>> assign() {
            Map<Integer, List<Integer>> byPartition = new TreeMap<>();
            int largest = topic.config().maxMessageBytes();
            StickyPartitioner sticky = partitioner(topic.name());
            for (int i = 0; i < records.count(); i++) {
                long size = records.sizeOf(i);
                byte[] key = records.key(i);
                if (only.isPresent()) {
                    partitions[i] = only.getAsInt();
                } else if (asked[i] != Logs.ANY_PARTITION) {
                    partitions[i] = asked[i];
                } else if (key != null) {
                    partitions[i] = Murmur2.partition(key, topic.partitionCount());
                } else {
                    partitions[i] = sticky.next(topic, size);
                }
                failures[i] = invalid(partitions[i], size, largest);
                TrunklineException failure = failures[i];
                if (failure == null) {
                    byPartition
                            .computeIfAbsent(partitions[i], p -> new ArrayList<>())
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

        private RecordBatch pick(List<Integer> members) {
            if (members.size() == records.count()) {
                return records;
            }
            RecordBatch.Builder builder = new RecordBatch.Builder(members.size());
            members.forEach(i -> builder.addFrom(records, i));
            return builder.build();
        }

        private void written(Combiner.Part part, List<Integer> members, long base) {
            long offset = base;
            for (int i : members) {
                offsets[i] = offset++;
            }
            wakeups.reached(part.partitionId(), offset);
            metrics.appended(
                    topic.name(), part.records().count(), part.records().byteSize());
        }

        private void failed(List<Integer> members, Throwable failure) {
            TrunklineException reason;
            if (Failures.unwrapped(failure) instanceof TrunklineException known) {
                reason = known;
            } else {
                reason = new TrunklineException(
                        ErrorCode.INTERNAL, "The service failed; its log has the details.", failure);
            }
            if (reason.code() == ErrorCode.INTERNAL) {
                LOG.errorf(reason.getCause(), "Append failed topic=%s records=%d", topic.name(), members.size());
            } else {
                LOG.debugf("Append failed topic=%s records=%d code=%s", topic.name(), members.size(), reason.code());
            }
            members.forEach(i -> failures[i] = reason);
        }

        /** Whether none of the records was written because the topic that was remembered has been deleted. */
        private boolean topicIsGone() {
            return Arrays.stream(failures).allMatch(f -> f != null && f.code() == ErrorCode.PARTITION_NOT_FOUND);
        }

        private CompletableFuture<AppendResult> again() {
            return topics.fresh(topic.name())
                    .thenCompose(now -> new Call(now, records, asked, only, allOrNothing).submit(false));
        }
    }
}
