package io.trunkline.record;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Records in order, by column. Immutable by agreement: the columns are shared, not copied, because every record of the
 * service passes through here.
 */
public final class RecordBatch {
    /**
     * What a record, and each of its headers, costs beside its bytes, in memory and in an answer; counted so that empty
     * ones are not free.
     */
    public static final int OVERHEAD_BYTES = 64;

    private final Timestamps timestamps;
    private final @Nullable ByteColumn keys;
    private final ByteColumn values;
    private final @Nullable Headers headers;

    /**
     * Records whose columns are there.
     *
     * @param keys null when no record has one
     * @throws IllegalArgumentException when the columns do not fit one another
     */
    public RecordBatch(Timestamps timestamps, @Nullable ByteColumn keys, ByteColumn values, @Nullable Headers headers) {
        if (timestamps.count() != values.count() || (keys != null && keys.count() != values.count())) {
            throw new IllegalArgumentException("the columns have different lengths");
        }
        this.timestamps = timestamps;
        this.keys = keys;
        this.values = values;
        this.headers = headers;
    }

    public static RecordBatch concat(List<RecordBatch> batches) {
        if (batches.size() == 1) {
            return batches.getFirst();
        }
        boolean keyed = batches.stream().anyMatch(b -> b.keys != null);
        return new RecordBatch(
                Timestamps.concat(batches.stream().map(b -> b.timestamps).toList()),
                keyed
                        ? ByteColumn.concat(
                                batches.stream().map(RecordBatch::keysOrNulls).toList())
                        : null,
                ByteColumn.concat(batches.stream().map(b -> b.values).toList()),
                headersOf(batches));
    }

    private static @Nullable Headers headersOf(List<RecordBatch> batches) {
        if (batches.stream().allMatch(b -> b.headers == null)) {
            return null;
        }
        Headers.Builder builder = new Headers.Builder();
        for (RecordBatch batch : batches) {
            for (int i = 0; i < batch.count(); i++) {
                builder.addFrom(batch.headers, i);
            }
        }
        return builder.build();
    }

    public int count() {
        return values.count();
    }

    /** Bytes of all keys, values and headers. */
    public long byteSize() {
        return values.byteSize() + (keys == null ? 0 : keys.byteSize()) + (headers == null ? 0 : headers.byteSize());
    }

    /** Milliseconds since the epoch. */
    public long timestamp(int i) {
        return timestamps.get(i);
    }

    /** The keys, or null when no record has one. */
    public @Nullable ByteColumn keys() {
        return keys;
    }

    public ByteColumn values() {
        return values;
    }

    /** A copy of the key's bytes, or null when the record has none. */
    public byte @Nullable [] key(int i) {
        return keys == null ? null : keys.get(i);
    }

    /** A copy of the value's bytes, or null for a tombstone. */
    public byte @Nullable [] value(int i) {
        return values.get(i);
    }

    /** The index of the first header of a record. */
    public int headerStart(int i) {
        return headers == null ? 0 : headers.start(i);
    }

    /** The index after the last header of a record. */
    public int headerEnd(int i) {
        return headers == null ? 0 : headers.end(i);
    }

    public String headerKey(int header) {
        return existingHeaders().key(header);
    }

    public byte @Nullable [] headerValue(int header) {
        return existingHeaders().value(header);
    }

    /** Bytes of one record's key, value and headers, by which {@code max.message.bytes} goes. */
    public long sizeOf(int i) {
        return values.length(i) + (keys == null ? 0L : keys.length(i)) + (headers == null ? 0L : headers.byteSize(i));
    }

    /** Bytes of one record with what it costs beside. The costs of all records are the {@link #memorySize}. */
    public long costOf(int i) {
        return sizeOf(i) + OVERHEAD_BYTES * (1L + headerEnd(i) - headerStart(i));
    }

    /** Bytes of all records with what each costs beside its own bytes, by which fetches and queues are bounded. */
    public long memorySize() {
        return byteSize() + OVERHEAD_BYTES * ((long) count() + (headers == null ? 0 : headers.keys().length));
    }

    /**
     * These records with headers added to each of them, but for those that have one of a certain name already.
     *
     * @param added in the order in which they are added
     * @param unless the name, in any case
     */
    public RecordBatch withHeaders(Map<String, byte[]> added, String unless) {
        return new RecordBatch(timestamps, keys, values, Headers.added(headers, count(), added, unless));
    }

    public RecordBatch pick(int[] members) {
        return new RecordBatch(
                timestamps.pick(members),
                keys == null ? null : keys.pick(members),
                values.pick(members),
                headers == null ? null : headers.pick(members));
    }

    public RecordBatch part(int from, int to) {
        return new RecordBatch(
                timestamps.part(from, to),
                keys == null ? null : keys.part(from, to),
                values.part(from, to),
                headers == null ? null : headers.pick(IntStream.range(from, to).toArray()));
    }

    public RecordBatch at(long timestamp) {
        return new RecordBatch(Timestamps.all(count(), timestamp), keys, values, headers);
    }

    public Timestamps timestamps() {
        return timestamps;
    }

    @Nullable
    public Headers headers() {
        return headers;
    }

    private ByteColumn keysOrNulls() {
        return keys == null ? ByteColumn.nulls(count()) : keys;
    }

    private Headers existingHeaders() {
        if (headers == null) {
            throw new IndexOutOfBoundsException("no record of the batch has headers");
        }
        return headers;
    }

    /** A header belongs to the record that is added next. */
    public static final class Builder {
        private long[] timestamps;
        private final int expectedBytes;
        private final ByteColumn.Builder values;
        /** Made for the first record that has a key. */
        private ByteColumn.@Nullable Builder keys;
        /** Made for the first record that has headers. */
        private Headers.@Nullable Builder headers;

        public Builder(int expectedRecords, int expectedBytes) {
            timestamps = new long[Math.max(4, expectedRecords)];
            this.expectedBytes = expectedBytes;
            values = new ByteColumn.Builder(expectedRecords, expectedBytes);
        }

        public int count() {
            return values.count();
        }

        /** A header of the record that will be added next; its key is well-formed text. */
        public void header(String key, byte @Nullable [] value) {
            if (headers == null) {
                headers = new Headers.Builder();
                for (int i = 0; i < count(); i++) {
                    headers.endRecord();
                }
            }
            headers.header(key, value);
        }

        /** The key of the record that will be added next, part of a larger array. */
        public void key(byte[] source, int from, int length) {
            if (keys == null) {
                // Of several keys; together they are not longer than what the records were expected to be, as a rule.
                keys = new ByteColumn.Builder(
                        timestamps.length, (int) Math.min(length * 4L, Math.max(length, expectedBytes)));
            }
            while (keys.count() < count()) {
                keys.addNull();
            }
            keys.add(source, from, length);
        }

        /** A record whose value is part of a larger array, with the key and the headers that were given before it. */
        public void add(long timestamp, byte[] source, int from, int length) {
            values.add(source, from, length);
            ended(timestamp);
        }

        /** A tombstone, with the key and the headers that were given before it. */
        public void addTombstone(long timestamp) {
            values.addNull();
            ended(timestamp);
        }

        private void ended(long timestamp) {
            int at = values.count() - 1;
            if (at == timestamps.length) {
                timestamps = Arrays.copyOf(timestamps, at * 2);
            }
            timestamps[at] = timestamp;
            if (headers != null) {
                headers.endRecord();
            }
        }

        public RecordBatch build() {
            if (keys != null) {
                while (keys.count() < count()) {
                    keys.addNull();
                }
            }
            return new RecordBatch(
                    Timestamps.of(timestamps, count()),
                    keys == null ? null : keys.build(),
                    values.build(),
                    headers == null ? null : headers.build());
        }
    }
}
