package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.log.AppendOutcome;
import io.trunkline.log.ProducePlan;
import io.trunkline.record.ByteColumn;
import io.trunkline.record.RecordBatch;
import io.trunkline.topic.TopicName;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;

/** Which record of a request goes to which partition and which is refused, and later what became of each. */
final class Assignment {
    /** Stands for a partition to be chosen: by the key, else spread. */
    static final int ANY_PARTITION = -1;

    /** Chooses the partition of records that have no key. */
    interface Spread {
        /**
         * The partition of the next record.
         *
         * @param partitionCount how many there are
         * @param record its index
         */
        int next(int partitionCount, int record);
    }

    private final TopicName topic;
    private final ProducePlan plan;
    private final RecordBatch records;
    private final int[] partitions;
    private final long[] offsets;
    private final @Nullable TrunklineException[] failures;
    private volatile Optional<AppendOutcome.EndMoved> endMoved = Optional.empty();
    private final Map<Integer, int[]> members = new LinkedHashMap<>();
    /** One failure for all records that name the same partition: there can be very many of them. */
    private final Map<Integer, TrunklineException> unknownPartitions = new HashMap<>();

    /**
     * Assigns all records.
     *
     * @param sizes how large each record is, as the client sent it, in bytes
     * @param asked the partition of each record, or {@link #ANY_PARTITION}
     * @param only where given, the partition of all of them
     */
    Assignment(
            TopicName topic,
            ProducePlan plan,
            RecordBatch records,
            IntToLongFunction sizes,
            int[] asked,
            OptionalInt only,
            Spread spread) {
        this.topic = topic;
        this.plan = plan;
        this.records = records;
        partitions = new int[records.count()];
        offsets = new long[records.count()];
        failures = new TrunklineException[records.count()];
        Map<Integer, Members> byPartition = new TreeMap<>();
        ByteColumn keys = records.keys();
        for (int i = 0; i < records.count(); i++) {
            if (only.isPresent()) {
                partitions[i] = only.getAsInt();
            } else if (asked[i] != ANY_PARTITION) {
                partitions[i] = asked[i];
            } else if (keys != null && !keys.isNull(i)) {
                partitions[i] = Murmur2.partition(keys.bytes(), keys.start(i), keys.length(i), plan.partitionCount());
            } else {
                partitions[i] = spread.next(plan.partitionCount(), i);
            }
            failures[i] = invalid(partitions[i], sizes.applyAsLong(i));
            if (failures[i] == null) {
                byPartition.computeIfAbsent(partitions[i], p -> new Members()).add(i);
            }
        }
        byPartition.forEach((partition, indexes) -> members.put(partition, indexes.indexes()));
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

    private @Nullable TrunklineException invalid(int partition, long size) {
        if (partition < 0 || partition >= plan.partitionCount()) {
            return unknownPartitions.computeIfAbsent(
                    partition,
                    p -> new TrunklineException(
                            ErrorCode.PARTITION_NOT_FOUND,
                            "Topic " + topic + " has no partition " + partition + ": it has " + plan.partitionCount()
                                    + ", numbered from 0."));
        }
        if (size > plan.maxMessageBytes()) {
            return new TrunklineException(
                    ErrorCode.RECORD_TOO_LARGE,
                    "Topic " + topic + " takes records of at most " + plan.maxMessageBytes()
                            + " bytes of key, value and headers (max.message.bytes).");
        }
        return null;
    }

    /** The indexes of the records that go to each partition, by partition. */
    Map<Integer, int[]> members() {
        return members;
    }

    /** The records that go to a partition. */
    RecordBatch records(int partition) {
        int[] indexes = members.getOrDefault(partition, new int[0]);
        return indexes.length == records.count() ? records : records.pick(indexes);
    }

    /** Whether a record was refused. */
    boolean isRefused() {
        return Arrays.stream(failures).anyMatch(failure -> failure != null);
    }

    /** @throws TrunklineException the failure of the first record that has one */
    void requireAll() {
        for (TrunklineException failure : failures) {
            if (failure != null) {
                throw failure;
            }
        }
    }

    /** The records of a partition have these offsets. May be called by several threads, for a partition each. */
    void written(int partition, long baseOffset) {
        long offset = baseOffset;
        for (int i : members.getOrDefault(partition, new int[0])) {
            offsets[i] = offset++;
        }
    }

    /**
     * The records of a partition had been written before. May be called by several threads, for a partition each.
     *
     * @throws IllegalStateException where they were another number then, and so have other offsets
     */
    void repeated(int partition, AppendOutcome.Repeated repeated) {
        if (members.getOrDefault(partition, new int[0]).length != repeated.count()) {
            throw new IllegalStateException("the records of a request are distributed otherwise than before");
        }
        written(partition, repeated.baseOffset());
    }

    /** The records of a partition were not written. */
    void failed(int partition, TrunklineException reason) {
        for (int i : members.getOrDefault(partition, new int[0])) {
            failures[i] = reason;
        }
    }

    /** The partition of the first record that is not refused, where there is one. */
    int first() {
        for (int i = 0; i < failures.length; i++) {
            if (failures[i] == null) {
                return partitions[i];
            }
        }
        throw new IllegalStateException("all records are refused");
    }

    /** Nothing was written, because the partition has another end offset than the request needs. */
    void endMoved(AppendOutcome.EndMoved moved) {
        endMoved = Optional.of(moved);
    }

    /** Whether none of the records was written because the topic that was remembered has been deleted. */
    boolean topicIsGone() {
        return !members.isEmpty()
                && Arrays.stream(failures).allMatch(f -> f != null && f.code() == ErrorCode.PARTITION_NOT_FOUND);
    }

    /** @param repeated whether the request had been written before */
    ProduceResult result(boolean repeated) {
        return new ProduceResult(partitions, offsets, failures, repeated, endMoved);
    }
}
