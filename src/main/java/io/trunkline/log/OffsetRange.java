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
}
