package io.trunkline.rest;

import io.trunkline.json.JsonBuffer;
import io.trunkline.json.JsonText;
import io.trunkline.json.Utf8;
import io.trunkline.log.FetchedBatch;
import io.trunkline.record.ByteColumn;
import io.trunkline.record.RecordBatch;
import io.trunkline.topic.TopicName;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Writes the records of a partition as JSON objects, one at a time, as clients get them from fetches and polls. */
final class RecordJson implements RecordWriter {
    private static final byte[] TIMESTAMP = ascii(",\"timestamp\":");
    private static final byte[] KEY = ascii(",\"key\":");
    private static final byte[] VALUE = ascii(",\"value\":");
    private static final byte[] NULL = ascii("null");

    /** What every record begins with. */
    private final byte[] prefix;

    private final RecordFormat format;
    private final boolean errors;

    /** @param errors whether a record says why it cannot be shown in the format, where that is so */
    RecordJson(TopicName topic, int partition, RecordFormat format, boolean errors) {
        this.format = format;
        this.errors = errors;
        // A topic's name needs no escaping.
        prefix = ascii("{\"topic\":\"" + topic.value() + "\",\"partition\":" + partition + ",\"offset\":");
    }

    @Override
    public void write(JsonBuffer json, FetchedBatch batch, int i) {
        RecordBatch records = batch.records();
        json.raw(prefix).number(batch.offset(i)).raw(TIMESTAMP).number(records.timestamp(i));
        @Nullable String error = null;
        json.raw(KEY);
        ByteColumn keys = records.keys();
        if (keys == null) {
            json.raw(NULL);
        } else if (!write(json, keys, i)) {
            error = "the key cannot be shown in the " + format.name().toLowerCase(Locale.ROOT) + " format";
        }
        json.raw(VALUE);
        if (!write(json, records.values(), i)) {
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

    /** Writes a key or value; where it does not fit the format, writes null and returns false. */
    private boolean write(JsonBuffer json, ByteColumn column, int i) {
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
