package io.trunkline.record;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The headers of the records of a batch, one after the other. Immutable by agreement. */
public final class Headers {
    /** For each record, how many headers it and those before it have. */
    private final int[] ends;

    private final String[] keys;
    private final byte[] @Nullable [] values;
    private final long byteSize;

    private Headers(int[] ends, String[] keys, byte[] @Nullable [] values) {
        this.ends = ends;
        this.keys = keys;
        this.values = values;
        long size = 0;
        for (int h = 0; h < keys.length; h++) {
            size += sizeOf(h);
        }
        byteSize = size;
    }

    /** The headers of so many records, of which none may have some, with others added where there is none of that name. */
    static @Nullable Headers added(@Nullable Headers headers, int records, Map<String, byte[]> added, String unless) {
        Builder builder = new Builder();
        for (int i = 0; i < records; i++) {
            boolean has = false;
            if (headers != null) {
                for (int h = headers.start(i); h < headers.end(i); h++) {
                    builder.header(headers.key(h), headers.value(h));
                    has |= headers.key(h).equalsIgnoreCase(unless);
                }
            }
            if (!has) {
                added.forEach(builder::header);
            }
            builder.endRecord();
        }
        return builder.build();
    }

    public static @Nullable Headers of(int[] counts, String[] keys, byte[] @Nullable [] values) {
        int[] ends = new int[counts.length];
        int end = 0;
        for (int i = 0; i < counts.length; i++) {
            end += counts[i];
            ends[i] = end;
        }
        return keys.length == 0 ? null : new Headers(ends, keys, values);
    }

    int start(int i) {
        return i == 0 ? 0 : ends[i - 1];
    }

    int end(int i) {
        return ends[i];
    }

    String key(int header) {
        return keys[header];
    }

    byte @Nullable [] value(int header) {
        return values[header];
    }

    public int[] counts() {
        int[] counts = new int[ends.length];
        for (int i = 0; i < ends.length; i++) {
            counts[i] = ends[i] - start(i);
        }
        return counts;
    }

    public String[] keys() {
        return keys;
    }

    public byte[] @Nullable [] values() {
        return values;
    }

    /** Bytes of all keys and values. */
    long byteSize() {
        return byteSize;
    }

    long byteSize(int i) {
        long size = 0;
        for (int h = start(i); h < ends[i]; h++) {
            size += sizeOf(h);
        }
        return size;
    }

    @Nullable
    Headers pick(int[] members) {
        Builder builder = new Builder();
        for (int i : members) {
            builder.addFrom(this, i);
        }
        return builder.build();
    }

    private long sizeOf(int header) {
        byte[] value = values[header];
        return utf8Length(keys[header]) + (value == null ? 0L : value.length);
    }

    private static long utf8Length(String text) {
        long length = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            // A surrogate is half of a character of four bytes.
            length += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
        }
        return length;
    }

    static final class Builder {
        private final List<String> keys = new ArrayList<>();
        private final List<byte @Nullable []> values = new ArrayList<>();
        private int[] ends = new int[4];
        private int count;

        /** A header of the record that ends next. */
        void header(String key, byte @Nullable [] value) {
            keys.add(key);
            values.add(value);
        }

        void endRecord() {
            if (count == ends.length) {
                ends = Arrays.copyOf(ends, count * 2);
            }
            ends[count++] = keys.size();
        }

        void addFrom(@Nullable Headers headers, int i) {
            if (headers != null) {
                for (int h = headers.start(i); h < headers.end(i); h++) {
                    header(headers.key(h), headers.value(h));
                }
            }
            endRecord();
        }

        /** Null when no record has one. */
        @Nullable
        Headers build() {
            return keys.isEmpty()
                    ? null
                    : new Headers(
                            Arrays.copyOf(ends, count), keys.toArray(new String[0]), values.toArray(new byte[0][]));
        }
    }
}
