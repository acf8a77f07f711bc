package io.trunkline.record;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Byte strings in order, each of which may be null, in one piece of memory: laid out as PostgreSQL's binary
 * {@code bytea[]} (array_recv and array_send in its arrayfuncs.c), so that a column goes to the database and comes from
 * it without being taken apart. Immutable by agreement: the bytes are shared, not copied.
 */
public final class ByteColumn {
    /** Dimensions, null flag, element type, length, lower bound: 4 bytes each. */
    private static final int HEADER = 20;

    private static final int BYTEA_OID = 17;
    private static final int MOST_BYTES = Integer.MAX_VALUE - 8;
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    private final byte[] bytes;
    /** Where each element's length stands, and behind the last one the end. */
    private final int[] positions;

    private ByteColumn(byte[] bytes, int[] positions) {
        this.bytes = bytes;
        this.positions = positions;
    }

    /**
     * A column that PostgreSQL sent.
     *
     * @throws IllegalArgumentException when it is not an array of one dimension
     */
    public static ByteColumn ofArray(byte[] array) {
        if (array.length < HEADER || (int) INT.get(array, 0) != 1) {
            throw new IllegalArgumentException("not an array of one dimension");
        }
        int count = (int) INT.get(array, 12);
        int[] positions = new int[count + 1];
        int at = HEADER;
        for (int i = 0; i < count; i++) {
            positions[i] = at;
            at += 4 + Math.max(0, (int) INT.get(array, at));
        }
        positions[count] = at;
        return new ByteColumn(array, positions);
    }

    static ByteColumn concat(Iterable<ByteColumn> columns) {
        long size = HEADER;
        int count = 0;
        for (ByteColumn column : columns) {
            size += column.end() - HEADER;
            count += column.count();
        }
        byte[] bytes = new byte[Math.toIntExact(size)];
        int[] positions = new int[count + 1];
        int at = HEADER;
        int n = 0;
        boolean nulls = false;
        for (ByteColumn column : columns) {
            int length = column.end() - HEADER;
            System.arraycopy(column.bytes, HEADER, bytes, at, length);
            for (int i = 0; i < column.count(); i++) {
                positions[n++] = column.positions[i] - HEADER + at;
            }
            at += length;
            nulls |= column.hasNulls();
        }
        positions[count] = at;
        header(bytes, count, nulls);
        return new ByteColumn(bytes, positions);
    }

    static ByteColumn nulls(int count) {
        Builder builder = new Builder(count, 4);
        for (int i = 0; i < count; i++) {
            builder.addNull();
        }
        return builder.build();
    }

    public int count() {
        return positions.length - 1;
    }

    public boolean isNull(int i) {
        return (int) INT.get(bytes, positions[i]) < 0;
    }

    /** The length in bytes, 0 for null. */
    public int length(int i) {
        return positions[i + 1] - positions[i] - 4;
    }

    /** Where an element begins in {@link #bytes()}. */
    public int start(int i) {
        return positions[i] + 4;
    }

    /** What holds the elements. */
    public byte[] bytes() {
        return bytes;
    }

    /** A copy of an element, null for null. */
    public byte @Nullable [] get(int i) {
        return isNull(i) ? null : Arrays.copyOfRange(bytes, start(i), positions[i + 1]);
    }

    long byteSize() {
        return end() - HEADER - 4L * count();
    }

    /** The column as PostgreSQL's binary array. */
    public byte[] array() {
        return bytes;
    }

    ByteColumn part(int from, int to) {
        int shift = positions[from] - HEADER;
        int[] within = new int[to - from + 1];
        for (int i = from; i <= to; i++) {
            within[i - from] = positions[i] - shift;
        }
        byte[] part = new byte[within[to - from]];
        System.arraycopy(bytes, positions[from], part, HEADER, part.length - HEADER);
        header(part, to - from, hasNulls());
        return new ByteColumn(part, within);
    }

    ByteColumn pick(int[] members) {
        int size = 0;
        for (int i : members) {
            size += length(i);
        }
        Builder builder = new Builder(members.length, size);
        for (int i : members) {
            if (isNull(i)) {
                builder.addNull();
            } else {
                builder.add(bytes, start(i), length(i));
            }
        }
        return builder.build();
    }

    boolean hasNulls() {
        return (int) INT.get(bytes, 4) != 0;
    }

    private int end() {
        return positions[positions.length - 1];
    }

    private static void header(byte[] bytes, int count, boolean nulls) {
        INT.set(bytes, 0, 1);
        INT.set(bytes, 4, nulls ? 1 : 0);
        INT.set(bytes, 8, BYTEA_OID);
        INT.set(bytes, 12, count);
        INT.set(bytes, 16, 1);
    }

    public static final class Builder {
        private byte[] bytes;
        private int[] positions;
        private int count;
        private int end = HEADER;
        private boolean nulls;

        public Builder(int expectedCount, int expectedBytes) {
            positions = new int[Math.max(4, expectedCount) + 1];
            bytes = new byte[HEADER + expectedBytes + 4 * Math.max(4, expectedCount)];
        }

        int count() {
            return count;
        }

        void addNull() {
            room(4);
            INT.set(bytes, end, -1);
            nulls = true;
            added(4);
        }

        public void add(byte[] source, int from, int length) {
            room(4 + length);
            INT.set(bytes, end, length);
            System.arraycopy(source, from, bytes, end + 4, length);
            added(4 + length);
        }

        public void add(byte @Nullable [] element) {
            if (element == null) {
                addNull();
            } else {
                add(element, 0, element.length);
            }
        }

        public ByteColumn build() {
            byte[] exact = end == bytes.length ? bytes : Arrays.copyOf(bytes, end);
            header(exact, count, nulls);
            int[] all = positions.length == count + 1 ? positions : Arrays.copyOf(positions, count + 1);
            all[count] = end;
            return new ByteColumn(exact, all);
        }

        private void added(int size) {
            positions[count++] = end;
            end += size;
        }

        private void room(int more) {
            if (bytes.length - end < more) {
                long needed = (long) end + more;
                bytes = Arrays.copyOf(
                        bytes, Math.toIntExact(Math.max(needed, Math.min(bytes.length * 2L, MOST_BYTES))));
            }
            if (count + 1 == positions.length) {
                positions = Arrays.copyOf(positions, positions.length * 2);
            }
        }
    }
}
