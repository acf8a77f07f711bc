package io.trunkline.log;

/** What became of a call that deletes records. */
public sealed interface DeletionOutcome {
    /** The records are gone; this can be read. */
    record Deleted(OffsetRange range) implements DeletionOutcome {}

    /** The offset lies beyond the end, and nothing was deleted; this can be read. */
    record OutOfRange(OffsetRange range) implements DeletionOutcome {}
}
