package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.log.AppendOutcome;
import io.trunkline.log.Logs;
import io.trunkline.log.PartitionAppend;
import io.trunkline.record.ByteColumn;
import io.trunkline.record.RecordBatch;
import io.trunkline.topic.Creator;
import io.trunkline.topic.Topic;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Sends the records of a request: chooses the partitions of those that name none, by their keys or spread, appends them by
 * partition, and puts together what became of each record.
 */
@Singleton
class Producer {
    /** Stands for a partition to be chosen: by the key, else spread. */
    static final int ANY_PARTITION = -1;

    private static final int REMEMBERED_TOPICS = 100_000;

    private final Topics topics;
    private final Logs logs;
    private final ConcurrentHashMap<TopicName, StickyPartitioner> partitioners = new ConcurrentHashMap<>();

    Producer(Topics topics, Logs logs) {
        this.topics = topics;
        this.logs = logs;
    }

    /** Records that have been accepted, and are written in order. */
    record Accepted(CompletableFuture<ProduceResult> result) {}

    /**
     * Sends records to a topic, created first where topics are created automatically. The call completes when the records have
     * been accepted, {@link Accepted#result} when they are durable.
     *
     * @param creator who creates the topic; empty for somebody who may not, as if topics were not created automatically
     * @param partitions the partition of each record, or {@link #ANY_PARTITION}
     * @param only where given, the partition of all of them: a call for one that does not exist fails
     * @param allOrNothing whether a record that is too large or names no partition of the topic fails the call, instead of
     *     standing as a failure in the result
     */
    CompletableFuture<Accepted> send(
            TopicName name,
            Optional<Creator> creator,
            RecordBatch records,
            int[] partitions,
            OptionalInt only,
            boolean allOrNothing) {
        return creator.map(known -> topics.getOrCreate(name, known))
                .orElseGet(() -> topics.get(name))
                .thenCompose(topic -> namesAll(topic, partitions, only)
                        ? CompletableFuture.completedFuture(topic)
                        : topics.recent(name))
                .thenApply(
                        topic -> new Accepted(new Call(topic, records, partitions, only, allOrNothing).submit(true)));
    }

    private static boolean namesAll(Topic topic, int[] partitions, OptionalInt only) {
        return (only.isEmpty() || topic.hasPartition(only.getAsInt()))
                && Arrays.stream(partitions).allMatch(p -> p == ANY_PARTITION || topic.hasPartition(p));
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
        CompletableFuture<ProduceResult> submit(boolean mayRetry) {
            only.ifPresent(topic::partitionId);
            Map<Integer, Members> byPartition = assign();
            List<int[]> indexes = new ArrayList<>(byPartition.size());
            List<PartitionAppend> appends = new ArrayList<>(byPartition.size());
            byPartition.forEach((partition, members) -> {
                int[] indexesOf = members.indexes();
                indexes.add(indexesOf);
                appends.add(new PartitionAppend(
                        topic.name(),
                        topic.partitionId(partition),
                        pick(indexesOf),
                        !topic.config().logAppendTime()));
            });
            List<CompletableFuture<AppendOutcome>> outcomes = logs.append(appends);
            CompletableFuture<?>[] ends = new CompletableFuture<?>[outcomes.size()];
            for (int p = 0; p < ends.length; p++) {
                int[] members = indexes.get(p);
                ends[p] = outcomes.get(p).thenAccept(outcome -> ended(members, outcome));
            }
            return CompletableFuture.allOf(ends)
                    .thenCompose(done -> mayRetry && ends.length > 0 && topicIsGone()
                            ? again()
                            : CompletableFuture.completedFuture(new ProduceResult(partitions, offsets, failures)));
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
                } else if (asked[i] != ANY_PARTITION) {
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

        private void ended(int[] members, AppendOutcome outcome) {
            switch (outcome) {
                case AppendOutcome.Appended appended -> {
                    long offset = appended.baseOffset();
                    for (int i : members) {
                        offsets[i] = offset++;
                    }
                }
                case AppendOutcome.Failed failed -> {
                    TrunklineException reason = failed.failure();
                    for (int i : members) {
                        failures[i] = reason;
                    }
                }
            }
        }

        /** Whether none of the records was written because the topic that was remembered has been deleted. */
        private boolean topicIsGone() {
            return Arrays.stream(failures).allMatch(f -> f != null && f.code() == ErrorCode.PARTITION_NOT_FOUND);
        }

        private CompletableFuture<ProduceResult> again() {
            return topics.after(topic)
                    .thenCompose(now -> new Call(now, records, asked, only, allOrNothing).submit(false));
        }
    }
}
