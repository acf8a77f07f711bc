package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.json.JsonPointer;
import io.trunkline.json.JsonText;
import io.trunkline.json.Utf8;
import io.trunkline.record.RecordBatch;
import java.util.Arrays;
import java.util.Optional;

/**
 * Reads lines with a JSON value each, some at a time. The text of a value is kept as it is, without the space around it; lines of
 * space only are none, and {@code null} is a tombstone, as in the JSON format.
 */
final class LineParser {
    /** Records that are read at once: short lines would make many, each of which takes more memory than its text. */
    static final int MOST_RECORDS = 10_000;

    private static final int EXPECTED_BYTES = 64;

    private final Optional<JsonPointer> key;
    private final int largest;

    /**
     * @param key where in each value its key stands; empty for records without keys
     * @param largest bytes that a line, and key and value of a record together, may have
     */
    LineParser(Optional<JsonPointer> key, int largest) {
        this.key = key;
        this.largest = largest;
    }

    int largest() {
        return largest;
    }

    /**
     * What lines hold, up to the first that holds no record.
     *
     * @param lines of each record, in which line it stands, counted from 0
     * @param starts of each record, where its line begins
     * @param read how many lines were read, empty ones included, and without the one that is at fault
     * @param next where the next line begins
     * @param fault why the next line is no record; empty where it was not looked at
     */
    record Lines(
            RecordBatch records, int[] lines, int[] starts, int read, int next, Optional<TrunklineException> fault) {}

    /**
     * Reads lines that lie in an array.
     *
     * @param to the end of the last line, with or without its newline
     * @param most how many records there may be, of which one more is a fault
     * @param atOnce how many records are read at most; the others are left for the next call
     * @param now the timestamp of the records, in milliseconds since the epoch
     */
    Lines parse(byte[] bytes, int from, int to, int most, int atOnce, long now) {
        int expected = Math.min(atOnce, (to - from) / EXPECTED_BYTES + 1);
        RecordBatch.Builder records = new RecordBatch.Builder(expected, to - from);
        int[] lines = new int[expected];
        int[] starts = new int[expected];
        Optional<TrunklineException> fault = Optional.empty();
        int at = from;
        int read = 0;
        while (at < to && records.count() < atOnce && fault.isEmpty()) {
            int end = at;
            while (end < to && bytes[end] != '\n') {
                end++;
            }
            int first = at;
            int last = end;
            while (first < last && isSpace(bytes[first])) {
                first++;
            }
            while (last > first && isSpace(bytes[last - 1])) {
                last--;
            }
            if (first < last) {
                int count = records.count();
                fault = count == most ? Optional.of(tooMany()) : add(records, bytes, first, last, now);
                if (fault.isPresent()) {
                    break;
                }
                if (count == lines.length) {
                    lines = Arrays.copyOf(lines, Math.min(atOnce, count * 2));
                    starts = Arrays.copyOf(starts, Math.min(atOnce, count * 2));
                }
                lines[count] = read;
                starts[count] = at;
            }
            read++;
            at = Math.min(to, end + 1);
        }
        return new Lines(records.build(), lines, starts, read, at, fault);
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\t' || b == '\r';
    }

    /** Adds a record, or says why the line is none. */
    private Optional<TrunklineException> add(RecordBatch.Builder records, byte[] bytes, int from, int to, long now) {
        if (to - from > largest) {
            return Optional.of(tooLong());
        }
        if (!JsonText.isValid(bytes, from, to)) {
            return Optional.of(new TrunklineException(
                    ErrorCode.INVALID_JSON,
                    Utf8.isValid(bytes, from, to)
                            ? "The line is not one JSON value."
                            : "The line is not valid UTF-8."));
        }
        if (key.isPresent()) {
            long found = key.get().find(bytes, from, to);
            if (found == JsonPointer.NOTHING) {
                return Optional.of(new TrunklineException(
                        ErrorCode.INVALID_RECORD, "The value has nothing at the JSON pointer of the parameter key."));
            }
            int start = JsonPointer.from(found);
            int length = JsonPointer.to(found) - start;
            if (!isNull(bytes, start, length)) {
                if ((long) to - from + length > largest) {
                    return Optional.of(tooLong());
                }
                records.key(bytes, start, length);
            }
        }
        if (isNull(bytes, from, to - from)) {
            records.addTombstone(now);
        } else {
            records.add(now, bytes, from, to - from);
        }
        return Optional.empty();
    }

    /** Of all values only null begins with this letter. */
    private static boolean isNull(byte[] bytes, int from, int length) {
        return length == 4 && bytes[from] == 'n';
    }

    /** That a line, or the record in it, is larger than the topic allows. */
    TrunklineException tooLong() {
        return new TrunklineException(
                ErrorCode.RECORD_TOO_LARGE,
                "The topic takes lines, and records of a key and a value, of at most " + largest
                        + " bytes (max.message.bytes).");
    }

    private static TrunklineException tooMany() {
        return new TrunklineException(
                ErrorCode.INVALID_PARAMETER,
                "offsets=true is for at most " + LinesResult.MOST_OFFSETS + " records a request.");
    }
}
