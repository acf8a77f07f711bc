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

    /** @throws TrunklineException if they are not known to be in the log */
    default Appended orThrow() {
        return switch (this) {
            case Appended appended -> appended;
            case Failed failed -> throw failed.failure();
        };
    }
}
