package io.trunkline.log;

/**
 * What of a partition can be read.
 *
 * @param logStartOffset the first offset that is kept
 * @param endOffset the offset that the next record will get
 */
public record OffsetRange(long logStartOffset, long endOffset) {
    /** Whether a reader may stand here: on a record, or at the end, waiting for the next one. */
    public boolean readableFrom(long offset) {
        return offset >= logStartOffset && offset <= endOffset;
    }

    /** What can be read at least, where both were so at some time: neither end of a log goes back. */
    OffsetRange merged(OffsetRange other) {
        return new OffsetRange(Math.max(logStartOffset, other.logStartOffset), Math.max(endOffset, other.endOffset));
    }
}
