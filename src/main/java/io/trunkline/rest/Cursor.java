package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.topic.Topic;
import io.trunkline.topic.TopicName;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * Where the reader of a stream stands: the next offset of each partition, as text that clients need not understand. Partitions
 * that are not named stand at offset 0, which is the start of those that are added later.
 *
 * <p>In bytes: the version; four bytes each that tell the topic's name and its id; the partition of a stream of one, plus 1, or
 * 0; the number of entries; each entry as the distance from the partition before and the offset; a hash with the topic's id as
 * its key, which no response shows, against forgery; a checksum against damage. Numbers without a fixed size have seven bits a
 * byte, the lowest first. All of that in base64 for URLs.
 */
final class Cursor {
    /** A topic with more partitions has no stream: its cursors would not fit into a request head. */
    static final int MOST_PARTITIONS = 1_000;

    private static final byte VERSION = 1;
    private static final int HASH = Long.BYTES;
    private static final int CHECKSUM = Integer.BYTES;
    private static final int LONGEST = 16 * 1024;
    private static final int LONGEST_NUMBER = 9;

    private final byte[] bytes;
    private final int nameTag;
    private final int idTag;
    private final OptionalInt partition;
    private final Map<Integer, Long> offsets;

    private Cursor(byte[] bytes, int nameTag, int idTag, OptionalInt partition, Map<Integer, Long> offsets) {
        this.bytes = bytes;
        this.nameTag = nameTag;
        this.idTag = idTag;
        this.partition = partition;
        this.offsets = Map.copyOf(offsets);
    }

    /** @throws TrunklineException {@code INVALID_CURSOR} for what was never a cursor, or has been changed on its way */
    static Cursor parse(String text) {
        if (text.length() > LONGEST) {
            throw invalid("It is too long.");
        }
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw invalid("It is not base64.");
        }
        if (bytes.length == 0 || bytes[0] != VERSION) {
            throw invalid("It is none that this version of the service knows.");
        }
        int checked = bytes.length - CHECKSUM;
        if (checked <= HASH || ByteBuffer.wrap(bytes).getInt(checked) != checksum(bytes, checked)) {
            throw invalid("It is damaged.");
        }
        try {
            return parse(bytes, ByteBuffer.wrap(bytes, 1, checked - HASH - 1));
        } catch (BufferUnderflowException e) {
            throw invalid("It is damaged.");
        }
    }

    private static Cursor parse(byte[] bytes, ByteBuffer in) {
        int nameTag = in.getInt();
        int idTag = in.getInt();
        long scope = number(in);
        long count = number(in);
        if (scope > Integer.MAX_VALUE || count > MOST_PARTITIONS) {
            throw invalid("It is damaged.");
        }
        Map<Integer, Long> offsets = new TreeMap<>();
        long partition = -1;
        for (int i = 0; i < count; i++) {
            partition += 1 + number(in);
            if (partition < 0 || partition > Integer.MAX_VALUE) {
                throw invalid("It is damaged.");
            }
            offsets.put((int) partition, number(in));
        }
        if (in.hasRemaining()) {
            throw invalid("It is damaged.");
        }
        OptionalInt one = scope == 0 ? OptionalInt.empty() : OptionalInt.of((int) scope - 1);
        return new Cursor(bytes, nameTag, idTag, one, offsets);
    }

    private static long number(ByteBuffer in) {
        long number = 0;
        for (int i = 0; i < LONGEST_NUMBER; i++) {
            byte next = in.get();
            number |= (next & 0x7fL) << (7 * i);
            if (next >= 0) {
                return number;
            }
        }
        throw invalid("It is damaged.");
    }

    /** @throws TrunklineException {@code INVALID_CURSOR} for the cursor of a topic with another name */
    void checkName(TopicName name) {
        if (nameTag != tag(name)) {
            throw invalid("It is that of another topic.");
        }
    }

    /** Whether it is one of this topic, and not of one that had the name before and was deleted. */
    boolean isOf(Topic topic) {
        return idTag == tag(topic.id());
    }

    /** @throws TrunklineException {@code INVALID_CURSOR} for one that the service has not made */
    void checkOrigin(Topic topic) {
        int hashed = bytes.length - CHECKSUM - HASH;
        if (ByteBuffer.wrap(bytes).getLong(hashed) != hash(topic.id()).of(bytes, hashed)) {
            throw invalid("The service has not made it.");
        }
        if (offsets.keySet().stream().anyMatch(partition -> !topic.hasPartition(partition))) {
            throw invalid("It names partitions that the topic does not have.");
        }
    }

    /**
     * Sees to it that a stream can go on from here.
     *
     * @param wanted the partition of a stream of one; empty for all
     * @throws TrunklineException {@code INVALID_CURSOR} for the cursor of a stream of another partition
     */
    void checkScope(OptionalInt wanted) {
        if (partition.isPresent() && !partition.equals(wanted)) {
            throw invalid("It is that of a stream of partition " + partition.getAsInt() + " alone.");
        }
    }

    /** How many partitions its topic has at least. */
    int partitionCount() {
        return offsets.keySet().stream()
                .mapToInt(partition -> partition + 1)
                .max()
                .orElse(0);
    }

    /** The next offset of a partition. */
    long offset(int partition) {
        return offsets.getOrDefault(partition, 0L);
    }

    private static TrunklineException invalid(String why) {
        return new TrunklineException(
                ErrorCode.INVALID_CURSOR,
                "The cursor (Last-Event-ID, or the parameter cursor) cannot be used. " + why
                        + " Begin a new stream with the parameter from.");
    }

    /** Where a reader stands, who goes on. Used by one thread at a time. */
    static final class Progress {
        private final SipHash hash;
        private final byte[] head;
        private long[] offsets;
        private byte[] buffer = new byte[64];
        private int length;

        /** @param partition of a stream of one; empty for all */
        Progress(Topic topic, OptionalInt partition) {
            hash = Cursor.hash(topic.id());
            head = ByteBuffer.allocate(1 + 2 * Integer.BYTES)
                    .put(VERSION)
                    .putInt(tag(topic.name()))
                    .putInt(tag(topic.id()))
                    .array();
            offsets = new long[topic.partitionCount()];
            scope = partition.isPresent() ? partition.getAsInt() + 1L : 0;
        }

        private final long scope;

        long offset(int partition) {
            return partition < offsets.length ? offsets[partition] : 0;
        }

        void set(int partition, long offset) {
            if (partition >= offsets.length) {
                offsets = Arrays.copyOf(offsets, partition + 1);
            }
            offsets[partition] = offset;
        }

        /** How long the cursor is at most, in characters. */
        int mostLength() {
            int bytes = head.length + 2 * LONGEST_NUMBER * (1 + offsets.length) + HASH + CHECKSUM;
            return 4 * (bytes / 3 + 1);
        }

        /** The cursor. */
        byte[] text() {
            length = 0;
            room(head.length);
            System.arraycopy(head, 0, buffer, 0, head.length);
            length = head.length;
            number(scope);
            int count = 0;
            for (long offset : offsets) {
                count += offset == 0 ? 0 : 1;
            }
            number(count);
            int before = -1;
            for (int partition = 0; partition < offsets.length; partition++) {
                if (offsets[partition] != 0) {
                    number(partition - before - 1L);
                    number(offsets[partition]);
                    before = partition;
                }
            }
            room(HASH + CHECKSUM);
            ByteBuffer end = ByteBuffer.wrap(buffer);
            end.putLong(length, hash.of(buffer, length));
            length += HASH;
            end.putInt(length, checksum(buffer, length));
            length += CHECKSUM;
            return Base64.getUrlEncoder().withoutPadding().encode(Arrays.copyOf(buffer, length));
        }

        private void number(long number) {
            room(LONGEST_NUMBER);
            long rest = number;
            while (rest >= 0x80) {
                buffer[length++] = (byte) (rest | 0x80);
                rest >>>= 7;
            }
            buffer[length++] = (byte) rest;
        }

        private void room(int more) {
            if (buffer.length - length < more) {
                buffer = Arrays.copyOf(buffer, Math.max(2 * buffer.length, length + more));
            }
        }
    }

    private static SipHash hash(UUID id) {
        return new SipHash(id.getMostSignificantBits(), id.getLeastSignificantBits());
    }

    private static int tag(TopicName name) {
        byte[] text = name.value().getBytes(StandardCharsets.UTF_8);
        return checksum(text, text.length);
    }

    private static int tag(UUID id) {
        byte[] bytes = ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits())
                .array();
        return checksum(bytes, bytes.length);
    }

    private static int checksum(byte[] bytes, int length) {
        CRC32C sum = new CRC32C();
        sum.update(bytes, 0, length);
        return (int) sum.getValue();
    }
}
