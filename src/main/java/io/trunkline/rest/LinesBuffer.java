package io.trunkline.rest;

import io.trunkline.edge.RequestBudget;
import io.trunkline.error.TrunklineException;
import io.vertx.core.buffer.Buffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What has come of a streamed body and is not written yet. While lines are written from one array the next ones come into another
 * one, if there is memory for it, which is counted before it is taken; else they wait. Used by one event loop only.
 */
final class LinesBuffer {
    /** What one of the two arrays holds, unless a line is longer. */
    static final int SHARE = 256 * 1024;

    /** Room for what the network brings at once. */
    static final int SLACK = 16 * 1024;

    /** Without so much of memory a body is not begun; with it, it goes on to its end, unless a line is longer. */
    static final int LEAST = 2 * SLACK;

    private final RequestBudget.Body counted;
    /** What an array holds at most, unless a line is longer. */
    private final int share;

    /** What has come, how much it is, and where its last whole line ends. */
    private byte[] bytes = {};

    private int length;
    private int whole;

    /** The other array, while nothing is written from it. */
    private byte @Nullable [] spare;

    /** From which lines are written, up to where, and whether there is no other one. */
    private byte @Nullable [] lent;

    private int lentEnd;
    private boolean alone;

    /** What has come and has no room, and why. */
    private @Nullable Buffer rest;

    private @Nullable TrunklineException refusal;

    /**
     * Nothing yet.
     *
     * @param announced bytes that the body will have; 0 where that is not known
     */
    LinesBuffer(RequestBudget.Body counted, long announced) {
        this.counted = counted;
        share = announced > 0 && announced < SHARE ? Math.max(LEAST, (int) announced + SLACK) : SHARE;
    }

    /**
     * Takes the least memory.
     *
     * @param beside bytes that are held for the body elsewhere, until this is closed
     * @throws TrunklineException {@code OVERLOADED} where there is none
     */
    void open(int beside) {
        counted.takeStreamed(LEAST + beside);
        bytes = new byte[LEAST];
    }

    /** Bytes that have come and not been lent. */
    int length() {
        return length;
    }

    /** Where the last whole line ends, 0 where none has. */
    int whole() {
        return whole;
    }

    /** Bytes of a line that has not ended. */
    int begun() {
        return length - whole;
    }

    /** Why something of what has come waits for room; null where nothing does. */
    @Nullable
    TrunklineException refusal() {
        return rest == null ? null : refusal;
    }

    /** Whether no more should come before something is written, unless it is the rest of a long line. */
    boolean isNearlyFull() {
        return length > share - SLACK;
    }

    /** Adds what has come, as far as there is room; the rest waits. */
    void put(Buffer chunk) {
        Buffer before = rest;
        rest = before == null
                ? chunk
                : Buffer.buffer(before.length() + chunk.length())
                        .appendBuffer(before)
                        .appendBuffer(chunk);
        fill();
    }

    private void fill() {
        Buffer came = rest;
        if (came == null || alone) {
            return;
        }
        int size = came.length();
        if ((long) length + size > bytes.length) {
            grow((long) length + size);
        }
        int some = Math.min(size, bytes.length - length);
        came.getBytes(0, some, bytes, length);
        int from = length;
        length += some;
        for (int i = length; i > from && whole <= from; i--) {
            whole = bytes[i - 1] == '\n' ? i : whole;
        }
        rest = some == size ? null : came.slice(some, size);
    }

    /** Makes room for so many bytes where there is memory for it. What is beyond the share is for long lines. */
    private void grow(long needed) {
        long wanted = needed <= share ? Math.min(share, 2L * bytes.length) : needed + SHARE + needed / 2;
        int capacity = (int) Math.min(Integer.MAX_VALUE - 8, Math.max(needed, wanted));
        if (!isTaken(capacity - bytes.length) && spare != null) {
            dropSpare();
            isTaken(capacity - bytes.length);
        }
        if (refusal == null) {
            bytes = Arrays.copyOf(bytes, capacity);
        }
    }

    /** Counts memory; notes why there is none. */
    private boolean isTaken(int more) {
        try {
            counted.takeStreamed(more);
            refusal = null;
        } catch (TrunklineException e) {
            refusal = e;
        }
        return refusal == null;
    }

    /** Gives the array with the lines that end at a place, from its beginning, which stays as it is until {@link #written}. */
    byte[] lend(int end) {
        int more = length - end;
        byte[] lines = bytes;
        byte[] free = spare;
        if (free == null || free.length < more) {
            dropSpare();
            int capacity = Math.max(more, LEAST);
            free = isTaken(capacity) ? new byte[capacity] : null;
        }
        spare = null;
        lent = lines;
        lentEnd = end;
        if (free == null) {
            alone = true;
            return lines;
        }
        System.arraycopy(lines, end, free, 0, more);
        bytes = free;
        length = more;
        whole = 0;
        fill();
        return lines;
    }

    /** The lines that were lent are written. */
    void written() {
        byte[] lines = lent;
        lent = null;
        if (lines == null) {
            return;
        }
        if (alone) {
            alone = false;
            length -= lentEnd;
            System.arraycopy(lines, lentEnd, lines, 0, length);
            whole = 0;
        } else if (lines.length > share || lines.length > LEAST && lentEnd < lines.length / 4) {
            counted.giveBackStreamed(lines.length);
        } else {
            spare = lines;
        }
        fill();
    }

    /** Gives back what a body that pauses does not need. */
    void shrink() {
        dropSpare();
        if (!alone && rest == null && length <= LEAST && bytes.length > LEAST) {
            int before = bytes.length;
            bytes = Arrays.copyOf(bytes, LEAST);
            counted.giveBackStreamed((long) before - LEAST);
        }
    }

    private void dropSpare() {
        byte[] dropped = spare;
        if (dropped != null) {
            spare = null;
            counted.giveBackStreamed(dropped.length);
        }
    }

    /** Forgets everything. */
    void close() {
        counted.release();
        bytes = new byte[0];
        length = 0;
        whole = 0;
        spare = null;
        lent = null;
        alone = false;
        rest = null;
    }
}
