package io.trunkline.rest;

import io.trunkline.error.TrunklineException;
import org.jspecify.annotations.Nullable;

/** What became of each record of a call, in the order given. */
public final class ProduceResult {
    private final int[] partitions;
    private final long[] offsets;
    private final @Nullable TrunklineException[] failures;

    ProduceResult(int[] partitions, long[] offsets, @Nullable TrunklineException[] failures) {
        this.partitions = partitions;
        this.offsets = offsets;
        this.failures = failures;
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
}
