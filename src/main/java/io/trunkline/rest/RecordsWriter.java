package io.trunkline.rest;

import io.trunkline.error.TrunklineException;
import io.trunkline.log.FetchedBatch;
import io.trunkline.record.ByteColumn;
import io.trunkline.record.RecordBatch;
import io.trunkline.rest.json.JsonBuffer;
import io.trunkline.rest.json.JsonText;
import io.trunkline.rest.json.Utf8;
import io.trunkline.topic.TopicName;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Writes the answers of produce and fetch. */
final class RecordsWriter {
    private static final byte[] TIMESTAMP = ascii(",\"timestamp\":");
    private static final byte[] KEY = ascii(",\"key\":");
    private static final byte[] VALUE = ascii(",\"value\":");
    private static final byte[] NULL = ascii("null");
    /** Bytes of a partition and offset, and of an error beside the name of its topic. */
    private static final int OFFSET_SIZE = 40;

    private static final int ERROR_SIZE = 120;

    private final ArrayDeque<RecordsPage.Part> parts;
    private final RecordFormat format;
    private final boolean errors;
    /** What every record of the part begins with. */
    private byte[] prefix = {};

    private boolean entered;
    private int record;
    private boolean begun;
    private boolean ended;
    private long done;

    /** Writes the records of a page as an array, piece by piece. */
    RecordsWriter(RecordsPage page) {
        parts = page.parts();
        format = page.format();
        errors = page.errors();
        enter();
    }

    /** Goes to the next record that there is, from the beginning of a part or of a batch. */
    private void enter() {
        while (!parts.isEmpty() && parts.element().batches().isEmpty()) {
            parts.remove();
            entered = false;
        }
        if (!parts.isEmpty() && !entered) {
            entered = true;
            // A topic's name needs no escaping.
            prefix = ascii("{\"topic\":\"" + parts.element().topic().value() + "\",\"partition\":"
                    + parts.element().partition() + ",\"offset\":");
        }
    }

    /** The memory, in bytes, of the batches that have been written since this was asked before. */
    long done() {
        long bytes = done;
        done = 0;
        return bytes;
    }

    /** How large the response to a produce request is in bytes, about; with an error for each record that may have one. */
    static long offsetsSize(TopicName topic, ProduceRequest request) {
        int named = 0;
        for (int partition : request.partitions()) {
            named += partition == Producer.ANY_PARTITION ? 0 : 1;
        }
        return OFFSET_SIZE * (long) request.records().count()
                + (ERROR_SIZE + topic.value().length()) * (long) named;
    }

    /**
     * {@code {"offsets": [...]}}, a partition and offset or an error for each record, in the order of the request.
     *
     * @param codes whether errors have their code
     */
    static byte[] offsets(ProduceResult result, boolean codes) {
        JsonBuffer json = new JsonBuffer(16 + result.count() * 32);
        json.ascii("{\"offsets\":[");
        for (int i = 0; i < result.count(); i++) {
            if (i > 0) {
                json.ascii(",");
            }
            TrunklineException failure = result.failure(i);
            if (failure == null) {
                json.ascii("{\"partition\":")
                        .number(result.partition(i))
                        .ascii(",\"offset\":")
                        .number(result.offset(i))
                        .ascii("}");
            } else {
                json.ascii("{\"error_code\":")
                        .number(ErrorStatus.of(failure.code()))
                        .ascii(",\"message\":")
                        .string(failure.userMessage());
                if (codes) {
                    json.ascii(",\"code\":\"").ascii(failure.code().name()).ascii("\"");
                }
                json.ascii("}");
            }
        }
        return json.ascii("]}").toBytes();
    }

    boolean hasNext() {
        return !ended;
    }

    /** Writes the next piece, which ends with a whole record: of about this size, more where a record is larger. */
    void next(JsonBuffer json, int size) {
        if (!begun) {
            json.ascii("[");
        }
        while (!parts.isEmpty() && json.length() < size) {
            FetchedBatch current = parts.element().batches().element();
            if (begun) {
                json.ascii(",\n");
            }
            begun = true;
            json.raw(prefix).number(current.baseOffset() + record);
            write(json, current.records(), record, format, errors);
            record++;
            if (record == current.records().count()) {
                parts.element().batches().remove();
                done += current.records().memorySize();
                record = 0;
                enter();
            }
        }
        if (parts.isEmpty()) {
            json.ascii("]");
            ended = true;
        }
    }

    private static void write(JsonBuffer json, RecordBatch records, int i, RecordFormat format, boolean errors) {
        json.raw(TIMESTAMP).number(records.timestamp(i));
        @Nullable String error = null;
        json.raw(KEY);
        ByteColumn keys = records.keys();
        if (keys == null) {
            json.raw(NULL);
        } else if (!bytes(json, keys, i, format)) {
            error = "the key cannot be shown in the " + format.name().toLowerCase(Locale.ROOT) + " format";
        }
        json.raw(VALUE);
        if (!bytes(json, records.values(), i, format)) {
            error = "the value cannot be shown in the " + format.name().toLowerCase(Locale.ROOT) + " format";
        }
        int start = records.headerStart(i);
        int end = records.headerEnd(i);
        if (start < end) {
            json.ascii(",\"headers\":[");
            for (int h = start; h < end; h++) {
                json.ascii(h == start ? "{\"key\":" : ",{\"key\":")
                        .string(records.headerKey(h))
                        .ascii(",\"value\":");
                byte[] value = records.headerValue(h);
                if (value == null) {
                    json.ascii("null}");
                } else {
                    json.base64(value, 0, value.length).ascii("}");
                }
            }
            json.ascii("]");
        }
        if (errors && error != null) {
            json.ascii(",\"error\":").string(error + "; read it as " + MediaTypes.BINARY);
        }
        json.ascii("}");
    }

    /** Writes bytes in a format; where they do not fit it, writes null and answers false. */
    private static boolean bytes(JsonBuffer json, ByteColumn column, int i, RecordFormat format) {
        if (column.isNull(i)) {
            json.raw(NULL);
            return true;
        }
        byte[] source = column.bytes();
        int from = column.start(i);
        int length = column.length(i);
        boolean fits = switch (format) {
            case BINARY -> true;
            case TEXT -> Utf8.isValid(source, from, from + length);
            // What SQL or another format wrote may be anything.
            case JSON -> JsonText.isValid(source, from, from + length);
        };
        if (!fits) {
            json.raw(NULL);
            return false;
        }
        switch (format) {
            case BINARY -> json.base64(source, from, length);
            case TEXT -> json.utf8String(source, from, length);
            case JSON -> json.raw(source, from, length);
        }
        return true;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
