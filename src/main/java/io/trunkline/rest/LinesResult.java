package io.trunkline.rest;

import io.trunkline.error.TrunklineException;
import io.trunkline.json.JsonBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What a streamed body has written where, until now. Used by one thread at a time. */
final class LinesResult {
    /** Records of which a response can have the offset of each. */
    static final int MOST_OFFSETS = 100_000;

    /** Bytes of a record's line, partition and offset, here and in the response. */
    private static final int OFFSET_COST = 96;

    /** Bytes of a partition's share, here and in the response. */
    private static final int PARTITION_COST = 160;

    /** Offsets that are written in no time. */
    private static final int SMALL = 1_000;

    private final boolean each;
    private final int partitions;
    private @Nullable Part[] parts = {};
    private int touched;
    /** Bytes of the parts for which there is room. */
    private long counted;

    private long records;
    /** Of which some stand behind a line that has failed. */
    private long behindFailure;

    private int offsets;
    private long[] lineOf = {};
    private int[] partitionOf = {};
    private long[] offsetOf = {};

    /**
     * Nothing yet.
     *
     * @param each whether the response has the offset of each record
     * @param partitions how many the topic has, about
     */
    LinesResult(boolean each, int partitions) {
        this.each = each;
        this.partitions = partitions;
    }

    /** What was written to one partition. */
    private static final class Part {
        long records;
        long first;
        long last;
    }

    /** How many more records there may be. */
    int room() {
        return each ? MOST_OFFSETS - offsets : Integer.MAX_VALUE;
    }

    /** Bytes that so many more records take at most, here and in the response, beyond those that were granted before. */
    long cost(int more) {
        return Math.max(0, parts(more) - counted) + (each ? (long) OFFSET_COST * more : 0);
    }

    /** Notes that there is room for so many more records. */
    void granted(int more) {
        counted = Math.max(counted, parts(more));
    }

    private long parts(int more) {
        return PARTITION_COST * Math.min(partitions, (long) touched + more);
    }

    /**
     * Counts a record that has been written; those of a partition come in the order of their offsets.
     *
     * @param behind whether a line before it has failed
     */
    void add(long line, int partition, long offset, boolean behind) {
        if (partition >= parts.length) {
            parts = Arrays.copyOf(parts, Math.max(partition + 1, 2 * parts.length));
        }
        @Nullable Part part = parts[partition];
        if (part == null) {
            part = new Part();
            part.first = offset;
            parts[partition] = part;
            touched++;
        }
        part.records++;
        part.last = offset;
        records++;
        behindFailure += behind ? 1 : 0;
        if (each) {
            if (offsets == lineOf.length) {
                int size = Math.max(64, 2 * offsets);
                lineOf = Arrays.copyOf(lineOf, size);
                partitionOf = Arrays.copyOf(partitionOf, size);
                offsetOf = Arrays.copyOf(offsetOf, size);
            }
            lineOf[offsets] = line;
            partitionOf[offsets] = partition;
            offsetOf[offsets++] = offset;
        }
    }

    /** Whether it takes a moment to make the response. */
    boolean isLarge() {
        return offsets > SMALL;
    }

    /** Bytes of the response, about. */
    private int size() {
        return 512 + 128 * touched + 64 * offsets;
    }

    /** The response when everything has been written. */
    byte[] toJson() {
        return written(new JsonBuffer(size()).ascii("{")).ascii("}").toBytes();
    }

    /**
     * The response when something has not.
     *
     * @param line the first line that was not written, counted from 1
     * @param at the number of bytes before it
     */
    byte[] toJson(TrunklineException failure, long line, long at) {
        JsonBuffer json = new JsonBuffer(size())
                .ascii("{\"error_code\":")
                .number(ErrorStatus.of(failure.code()))
                .ascii(",\"message\":")
                .string(failure.userMessage())
                .ascii(",\"code\":\"")
                .ascii(failure.code().name())
                .ascii("\",\"line\":")
                .number(line)
                .ascii(",\"byte\":")
                .number(at)
                .ascii(",\"records_behind\":")
                .number(behindFailure)
                .ascii(",");
        return written(json).ascii("}").toBytes();
    }

    private JsonBuffer written(JsonBuffer json) {
        json.ascii("\"records\":").number(records).ascii(",\"partitions\":[");
        boolean first = true;
        for (int p = 0; p < parts.length; p++) {
            @Nullable Part part = parts[p];
            if (part != null) {
                json.ascii(first ? "{\"partition\":" : ",{\"partition\":")
                        .number(p)
                        .ascii(",\"records\":")
                        .number(part.records)
                        .ascii(",\"first_offset\":")
                        .number(part.first)
                        .ascii(",\"last_offset\":")
                        .number(part.last)
                        .ascii("}");
                first = false;
            }
        }
        json.ascii("]");
        if (each) {
            json.ascii(",\"offsets\":[");
            for (int i = 0; i < offsets; i++) {
                json.ascii(i == 0 ? "{\"line\":" : ",{\"line\":")
                        .number(lineOf[i])
                        .ascii(",\"partition\":")
                        .number(partitionOf[i])
                        .ascii(",\"offset\":")
                        .number(offsetOf[i])
                        .ascii("}");
            }
            json.ascii("]");
        }
        return json;
    }
}
