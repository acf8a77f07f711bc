package io.trunkline.record;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Milliseconds since the epoch, laid out as PostgreSQL's binary {@code bigint[]} for the same reason as
 * {@link ByteColumn}. Immutable by agreement.
 */
public final class Timestamps {
    private static final int HEADER = 20;
    private static final int STRIDE = 12;
    private static final int INT8_OID = 20;
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final byte[] bytes;

    private Timestamps(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Timestamps that PostgreSQL sent.
     *
     * @throws IllegalArgumentException when it is not an array of one dimension without nulls
     */
    public static Timestamps ofArray(byte[] array) {
        if (array.length < HEADER
                || (int) INT.get(array, 0) != 1
                || array.length != HEADER + STRIDE * (int) INT.get(array, 12)) {
            throw new IllegalArgumentException("not an array of one dimension without nulls");
        }
        return new Timestamps(array);
    }

    public static Timestamps of(long[] timestamps, int count) {
        Timestamps made = new Timestamps(new byte[HEADER + STRIDE * count]);
        made.header(count);
        for (int i = 0; i < count; i++) {
            made.set(i, timestamps[i]);
        }
        return made;
    }

    static Timestamps all(int count, long timestamp) {
        long[] timestamps = new long[count];
        Arrays.fill(timestamps, timestamp);
        return of(timestamps, count);
    }

    static Timestamps concat(Iterable<Timestamps> columns) {
        int count = 0;
        for (Timestamps column : columns) {
            count += column.count();
        }
        byte[] bytes = new byte[HEADER + STRIDE * count];
        int at = HEADER;
        for (Timestamps column : columns) {
            int length = column.bytes.length - HEADER;
            System.arraycopy(column.bytes, HEADER, bytes, at, length);
            at += length;
        }
        Timestamps made = new Timestamps(bytes);
        made.header(count);
        return made;
    }

    int count() {
        return (bytes.length - HEADER) / STRIDE;
    }

    long get(int i) {
        return (long) LONG.get(bytes, HEADER + STRIDE * i + 4);
    }

    /** The largest of at least one. */
    public long max() {
        long max = get(0);
        for (int i = 1; i < count(); i++) {
            max = Math.max(max, get(i));
        }
        return max;
    }

    /** The column as PostgreSQL's binary array. */
    public byte[] array() {
        return bytes;
    }

    Timestamps part(int from, int to) {
        byte[] part = new byte[HEADER + STRIDE * (to - from)];
        System.arraycopy(bytes, HEADER + STRIDE * from, part, HEADER, part.length - HEADER);
        Timestamps made = new Timestamps(part);
        made.header(to - from);
        return made;
    }

    Timestamps pick(int[] members) {
        Timestamps made = new Timestamps(new byte[HEADER + STRIDE * members.length]);
        made.header(members.length);
        for (int i = 0; i < members.length; i++) {
            made.set(i, get(members[i]));
        }
        return made;
    }

    private void set(int i, long timestamp) {
        int at = HEADER + STRIDE * i;
        INT.set(bytes, at, 8);
        LONG.set(bytes, at + 4, timestamp);
    }

    private void header(int count) {
        INT.set(bytes, 0, 1);
        INT.set(bytes, 4, 0);
        INT.set(bytes, 8, INT8_OID);
        INT.set(bytes, 12, count);
        INT.set(bytes, 16, 1);
    }
}
