package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.log.AppendOutcome;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What became of each record of a call, in the order given. */
public final class ProduceResult {
    /** Of no records. */
    static final ProduceResult NOTHING =
            new ProduceResult(new int[0], new long[0], new TrunklineException[0], false, Optional.empty());

    private final int[] partitions;
    private final long[] offsets;
    private final @Nullable TrunklineException[] failures;

    private final boolean repeated;
    private final Optional<AppendOutcome.EndMoved> endMoved;

    ProduceResult(
            int[] partitions,
            long[] offsets,
            @Nullable TrunklineException[] failures,
            boolean repeated,
            Optional<AppendOutcome.EndMoved> endMoved) {
        this.partitions = partitions;
        this.offsets = offsets;
        this.failures = failures;
        this.repeated = repeated;
        this.endMoved = endMoved;
    }

    /** What a request with an idempotency key fails with where some of its records are written and others may not be. */
    static TrunklineException incomplete(@Nullable TrunklineException cause) {
        return new TrunklineException(
                ErrorCode.OUTCOME_UNKNOWN,
                "Some records of the request are written, and others may not be:"
                        + " repeat the request with the same Idempotency-Key.",
                cause);
    }

    /** Whether the request had been written before, at least in part. */
    public boolean isRepeated() {
        return repeated;
    }

    /** Where nothing was written because the partition has another end offset than the request needs, which one. */
    public Optional<AppendOutcome.EndMoved> endMoved() {
        return endMoved;
    }

    public int count() {
        return offsets.length;
    }

    public int partition(int i) {
        return partitions[i];
    }

    public long offset(int i) {
        return offsets[i];
    }

    /** Why a record was not written, or null when it was. */
    public @Nullable TrunklineException failure(int i) {
        return failures[i];
    }

    /** The first record that was not written; -1 where all were. */
    int firstFailure() {
        for (int i = 0; i < failures.length; i++) {
            if (failures[i] != null) {
                return i;
            }
        }
        return -1;
    }

    /**
     * What to tell where records are written together: the first failure, unless another one leaves in doubt what was written. Null
     * where all were written.
     */
    @Nullable
    TrunklineException failure() {
        @Nullable TrunklineException told = null;
        for (@Nullable TrunklineException failure : failures) {
            if (failure != null && failure.code() == ErrorCode.OUTCOME_UNKNOWN) {
                return failure;
            }
            told = told == null ? failure : told;
        }
        return told;
    }

    /** Whether any record was written for sure. */
    boolean isAnyWritten() {
        return Arrays.stream(failures).anyMatch(Objects::isNull);
    }

    /** Whether there was no room for any record, so that nothing was written and all of them may be sent again. */
    boolean isAllRefused() {
        return Arrays.stream(failures).allMatch(failure -> failure != null && failure.code() == ErrorCode.OVERLOADED);
    }
}
