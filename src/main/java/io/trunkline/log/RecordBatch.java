package io.trunkline.log;

import java.util.Arrays;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Records in order, by column. Immutable by agreement: the arrays are shared, not copied, because every record of the
 * service passes through here.
 */
public final class RecordBatch {
    /** What a record costs beside its bytes, in memory and in an answer; counted so that empty records are not free. */
    static final int OVERHEAD_BYTES = 64;

    private final int count;
    private final long[] timestamps;
    private final byte[] @Nullable [] keys;
    private final byte[] @Nullable [] values;
    private final int[] headerEnds;
    private final String[] headerKeys;
    private final byte[] @Nullable [] headerValues;
    private final long byteSize;

    private RecordBatch(Builder builder) {
        count = builder.count;
        timestamps = Arrays.copyOf(builder.timestamps, count);
        keys = Arrays.copyOf(builder.keys, count);
        values = Arrays.copyOf(builder.values, count);
        headerEnds = Arrays.copyOf(builder.headerEnds, count);
        headerKeys = Arrays.copyOf(builder.headerKeys, builder.headerCount);
        headerValues = Arrays.copyOf(builder.headerValues, builder.headerCount);
        byteSize = builder.byteSize;
    }

    /** The records of several batches, one after the other. */
    static RecordBatch concat(Collection<RecordBatch> batches) {
        if (batches.size() == 1) {
            return batches.iterator().next();
        }
        Builder builder =
                new Builder(batches.stream().mapToInt(RecordBatch::count).sum());
        for (RecordBatch batch : batches) {
            for (int i = 0; i < batch.count; i++) {
                builder.addFrom(batch, i);
            }
        }
        return builder.build();
    }

    public int count() {
        return count;
    }

    /** Bytes of all keys, values and headers. */
    public long byteSize() {
        return byteSize;
    }

    /** Milliseconds since the epoch. */
    public long timestamp(int i) {
        return timestamps[i];
    }

    /** The key's bytes, or null when the record has none. */
    public byte @Nullable [] key(int i) {
        return keys[i];
    }

    /** The value's bytes, or null for a tombstone. */
    public byte @Nullable [] value(int i) {
        return values[i];
    }

    /** The index of the first header of a record. */
    public int headerStart(int i) {
        return i == 0 ? 0 : headerEnds[i - 1];
    }

    /** The index after the last header of a record. */
    public int headerEnd(int i) {
        return headerEnds[i];
    }

    public String headerKey(int header) {
        return headerKeys[header];
    }

    public byte @Nullable [] headerValue(int header) {
        return headerValues[header];
    }

    /** Bytes of one record's key, value and headers, by which {@code max.message.bytes} goes. */
    public long sizeOf(int i) {
        long size = length(keys[i]) + length(values[i]);
        for (int h = headerStart(i); h < headerEnds[i]; h++) {
            size += utf8Length(headerKeys[h]) + length(headerValues[h]);
        }
        return size;
    }

    /** Bytes of all records with what each costs beside its own bytes, by which fetches and queues are bounded. */
    public long memorySize() {
        return byteSize + (long) count * OVERHEAD_BYTES;
    }

    long[] timestamps() {
        return timestamps;
    }

    /** The keys, or null when no record has one. */
    byte @Nullable [] @Nullable [] keysOrNull() {
        for (byte[] key : keys) {
            if (key != null) {
                return keys;
            }
        }
        return null;
    }

    byte[] @Nullable [] values() {
        return values;
    }

    boolean hasHeaders() {
        return headerKeys.length > 0;
    }

    int[] headerCounts() {
        int[] counts = new int[count];
        for (int i = 0; i < count; i++) {
            counts[i] = headerEnds[i] - headerStart(i);
        }
        return counts;
    }

    String[] headerKeys() {
        return headerKeys;
    }

    byte[] @Nullable [] headerValues() {
        return headerValues;
    }

    private static int length(byte @Nullable [] bytes) {
        return bytes == null ? 0 : bytes.length;
    }

    private static int utf8Length(String text) {
        int length = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            // A surrogate is half of a character of four bytes.
            length += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
        }
        return length;
    }

    /** Collects records. A header belongs to the record that is added next. */
    public static final class Builder {
        private int count;
        private int headerCount;
        private int pendingHeaders;
        private long byteSize;
        private long[] timestamps;
        private byte[] @Nullable [] keys;
        private byte[] @Nullable [] values;
        private int[] headerEnds;
        private String[] headerKeys = new String[0];
        private byte[] @Nullable [] headerValues = new byte[0][];

        /** A builder with room for a number of records; it grows when there are more. */
        public Builder(int expected) {
            int capacity = Math.max(expected, 4);
            timestamps = new long[capacity];
            keys = new byte[capacity][];
            values = new byte[capacity][];
            headerEnds = new int[capacity];
        }

        public int count() {
            return count;
        }

        /** A header of the record that will be added next; its key is well-formed text. */
        public Builder header(String key, byte @Nullable [] value) {
            int at = headerCount + pendingHeaders;
            if (at == headerKeys.length) {
                int capacity = Math.max(4, at * 2);
                headerKeys = Arrays.copyOf(headerKeys, capacity);
                headerValues = Arrays.copyOf(headerValues, capacity);
            }
            headerKeys[at] = key;
            headerValues[at] = value;
            pendingHeaders++;
            byteSize += utf8Length(key) + length(value);
            return this;
        }

        /** A record, with the headers that were given before it. */
        public Builder add(long timestamp, byte @Nullable [] key, byte @Nullable [] value) {
            if (count == timestamps.length) {
                int capacity = count * 2;
                timestamps = Arrays.copyOf(timestamps, capacity);
                keys = Arrays.copyOf(keys, capacity);
                values = Arrays.copyOf(values, capacity);
                headerEnds = Arrays.copyOf(headerEnds, capacity);
            }
            headerCount += pendingHeaders;
            pendingHeaders = 0;
            timestamps[count] = timestamp;
            keys[count] = key;
            values[count] = value;
            headerEnds[count] = headerCount;
            count++;
            byteSize += length(key) + length(value);
            return this;
        }

        /** A record of another batch, with its headers. */
        public Builder addFrom(RecordBatch batch, int i) {
            for (int h = batch.headerStart(i); h < batch.headerEnd(i); h++) {
                header(batch.headerKey(h), batch.headerValue(h));
            }
            return add(batch.timestamp(i), batch.key(i), batch.value(i));
        }

        public RecordBatch build() {
            return new RecordBatch(this);
        }
    }
}
