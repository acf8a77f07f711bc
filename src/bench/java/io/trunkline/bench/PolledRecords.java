package io.trunkline.bench;

import java.nio.charset.StandardCharsets;

/**
 * Goes over the records in the answer of a poll, and reads of which partition and offset each is. Looks for a record first
 * where it would be if it were as long as the one before, so that most of the body is not looked at.
 */
final class PolledRecords {
    private static final byte[] PARTITION = "\"partition\":".getBytes(StandardCharsets.US_ASCII);

    private byte[] body = {};
    private int length;
    private int at;
    private int distance;
    private int partition;
    private long offset;

    /** Begins with an answer. */
    void of(byte[] newBody, int newLength) {
        body = newBody;
        length = newLength;
        at = 0;
        distance = 0;
    }

    /** Goes to the next record, and answers whether there is one. */
    boolean next() {
        int from = at + distance;
        if (distance == 0 || from > length - PARTITION.length || !Pages.matches(body, PARTITION, from)) {
            from = Pages.find(body, PARTITION, at, length);
            if (from < 0) {
                return false;
            }
            distance = at == 0 ? 0 : from - at;
        }
        partition = (int) Pages.number(body, from + PARTITION.length);
        int offsetAt = Pages.find(body, Pages.OFFSET, from, length);
        if (offsetAt < 0) {
            throw new IllegalStateException("a record of partition " + partition + " has no offset");
        }
        at = offsetAt + Pages.OFFSET.length;
        offset = Pages.number(body, at);
        while (body[at] >= '0' && body[at] <= '9') {
            at++;
        }
        return true;
    }

    int partition() {
        return partition;
    }

    long offset() {
        return offset;
    }
}
