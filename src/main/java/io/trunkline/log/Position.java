package io.trunkline.log;

import org.jspecify.annotations.Nullable;

/** The next offset to read of a partition. */
public record Position(long partitionId, long offset) {
    /** Where is read on after what a fetch found from here: behind what a search looked at in vain. */
    public Position behind(@Nullable FetchOutcome outcome) {
        return outcome instanceof FetchOutcome.Page page && page.isEmpty() && page.nextOffset() != offset
                ? new Position(partitionId, page.nextOffset())
                : this;
    }
}
