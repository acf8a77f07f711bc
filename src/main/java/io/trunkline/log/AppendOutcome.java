package io.trunkline.log;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;

/** What became of records that were to be appended to a partition: all of them are in the log, or none is. */
public sealed interface AppendOutcome {
    /**
     * They are durable.
     *
     * @param baseOffset the offset of the first; the others follow it
     * @param time when they were appended, in milliseconds since the epoch
     * @param logStartOffset the first offset of the partition that could be read at that moment
     */
    record Appended(long baseOffset, long time, long logStartOffset) implements AppendOutcome {}

    /**
     * They had been appended before, as the same batch of the same producer; nothing was written.
     *
     * @param baseOffset the offset that the first of them got then
     * @param time when that was, in milliseconds since the epoch
     */
    record Duplicate(long baseOffset, long time) implements AppendOutcome {}

    /**
     * They had been appended before, with the same idempotency key; nothing was written.
     *
     * @param partitionId where that was
     * @param baseOffset the offset that the first of them got then
     * @param count how many there were then: another number now means that the key stands for other records
     * @param time when that was, in milliseconds since the epoch
     * @param plan how the records of the request were distributed then
     */
    record Repeated(long partitionId, long baseOffset, int count, long time, ProducePlan plan)
            implements AppendOutcome {}

    /** They are not in the log, or nobody knows whether they are. */
    sealed interface Failed extends AppendOutcome {
        /** The reason, for whoever sent them. */
        TrunklineException failure();
    }

    /** Nothing was written where the append was tried; it may be elsewhere, or later. */
    sealed interface NotHere extends Failed {}

    /** Nothing was written: others held the partition's lock for too long. */
    record Locked() implements NotHere {
        @Override
        public TrunklineException failure() {
            return new TrunklineException(
                    ErrorCode.OVERLOADED,
                    "The partition and others are locked by transactions that have been open for long; nothing was written."
                            + " Try again.");
        }
    }

    /** Nothing was written: the partition goes on in another slice, again and again. */
    record Moved() implements NotHere {
        @Override
        public TrunklineException failure() {
            return new TrunklineException(
                    ErrorCode.OVERLOADED, "The slices of the log change too fast; nothing was written. Try again.");
        }
    }

    /** Nothing was written: the partition does not exist any more. */
    record Gone() implements Failed {
        @Override
        public TrunklineException failure() {
            return LogEnds.gone();
        }
    }

    /** Nothing was written: the batch neither continues the sequence of its producer nor is one of its last five. */
    record OutOfOrderSequence() implements Failed {
        @Override
        public TrunklineException failure() {
            return new TrunklineException(
                    ErrorCode.OUT_OF_ORDER_SEQUENCE,
                    "The batch does not continue the sequence of its producer; nothing was written.");
        }
    }

    /** Nothing was written: the producer has a newer epoch. */
    record ProducerFenced() implements Failed {
        @Override
        public TrunklineException failure() {
            return new TrunklineException(
                    ErrorCode.PRODUCER_FENCED, "The producer has a newer epoch; nothing was written.");
        }
    }

    /** Nothing was written: the idempotency key belongs to another request. */
    record KeyReused() implements Failed {
        @Override
        public TrunklineException failure() {
            return new TrunklineException(
                    ErrorCode.IDEMPOTENCY_KEY_REUSED,
                    "The Idempotency-Key belongs to another request, with another body, partition, media type, parameter,"
                            + " ce- header, async or If-Match;"
                            + " nothing was written. Use a new key for each request.");
        }
    }

    /**
     * Nothing was written: the partition has another end offset than the one that the append needs.
     *
     * @param endOffset which one
     */
    record EndMoved(long endOffset) implements Failed {
        @Override
        public TrunklineException failure() {
            return new TrunklineException(
                    ErrorCode.END_OFFSET_MOVED,
                    "The end offset of the partition is " + endOffset + "; nothing was written.");
        }
    }

    /** Nothing was written, for this reason. */
    record Refused(TrunklineException failure) implements Failed {}

    /** Whether they were written is not known. */
    record Unknown(TrunklineException failure) implements Failed {}

    /** What a failure says of the append that met it. */
    static Failed of(TrunklineException failure) {
        return switch (failure.code()) {
            case OUTCOME_UNKNOWN -> new Unknown(failure);
            case PARTITION_NOT_FOUND -> new Gone();
            default -> new Refused(failure);
        };
    }

    /** @throws TrunklineException if they are not known to have been written now */
    default Appended orThrow() {
        return switch (this) {
            case Appended appended -> appended;
            case Duplicate duplicate -> throw new IllegalStateException("written before: " + duplicate);
            case Repeated repeated -> throw new IllegalStateException("written before: " + repeated);
            case Failed failed -> throw failed.failure();
        };
    }
}
