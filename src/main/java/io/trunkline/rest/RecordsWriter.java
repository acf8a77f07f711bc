package io.trunkline.rest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.trunkline.error.TrunklineException;
import io.trunkline.log.AppendResult;
import io.trunkline.log.FetchedBatch;
import io.trunkline.log.RecordBatch;
import io.trunkline.topic.TopicName;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes the answers of produce and fetch. */
final class RecordsWriter {
    private static final JsonFactory FACTORY = new JsonFactory();
    private static final int PER_RECORD = 96;

    private RecordsWriter() {}

    /** {@code {"offsets": [...]}}, a partition and offset or an error for each record, in the order of the request. */
    static byte[] offsets(AppendResult result) {
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
                        .string(failure.userMessage())
                        .ascii(",\"code\":\"")
                        .ascii(failure.code().name())
                        .ascii("\"}");
            }
        }
        return json.ascii("]}").toBytes();
    }

    /** The records of a page as an array. */
    static byte[] records(TopicName topic, int partition, List<FetchedBatch> batches, RecordFormat format) {
        long estimate = 2;
        for (FetchedBatch batch : batches) {
            estimate += batch.records().byteSize() + (long) batch.records().count() * PER_RECORD;
        }
        JsonBuffer json = new JsonBuffer((int) Math.min(estimate, Integer.MAX_VALUE / 4));
        json.ascii("[");
        // What every record of the partition begins with; a topic's name needs no escaping.
        String prefix = "{\"topic\":\"" + topic.value() + "\",\"partition\":" + partition + ",\"offset\":";
        boolean first = true;
        for (FetchedBatch batch : batches) {
            for (int i = 0; i < batch.records().count(); i++) {
                if (!first) {
                    json.ascii(",\n");
                }
                first = false;
                json.ascii(prefix).number(batch.baseOffset() + i);
                record(json, batch.records(), i, format);
            }
        }
        return json.ascii("]").toBytes();
    }

    private static void record(JsonBuffer json, RecordBatch records, int i, RecordFormat format) {
        json.ascii(",\"timestamp\":").number(records.timestamp(i));
        @Nullable String error = null;
        json.ascii(",\"key\":");
        if (!bytes(json, records.key(i), format)) {
            error = "the key cannot be shown in the " + format.name().toLowerCase(java.util.Locale.ROOT) + " format";
        }
        json.ascii(",\"value\":");
        if (!bytes(json, records.value(i), format)) {
            error = "the value cannot be shown in the " + format.name().toLowerCase(java.util.Locale.ROOT) + " format";
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
                    json.base64(value).ascii("}");
                }
            }
            json.ascii("]");
        }
        if (error != null) {
            json.ascii(",\"error\":").string(error + "; read it as " + MediaTypes.BINARY);
        }
        json.ascii("}");
    }

    /** Writes bytes in a format; where they do not fit it, writes null and answers false. */
    private static boolean bytes(JsonBuffer json, byte @Nullable [] bytes, RecordFormat format) {
        if (bytes == null) {
            json.ascii("null");
            return true;
        }
        switch (format) {
            case BINARY -> json.base64(bytes);
            case TEXT -> {
                if (!Utf8.isValid(bytes, 0, bytes.length)) {
                    json.ascii("null");
                    return false;
                }
                json.utf8String(bytes);
            }
            case JSON -> {
                if (!isJson(bytes)) {
                    json.ascii("null");
                    return false;
                }
                json.raw(bytes);
            }
        }
        return true;
    }

    /** Whether bytes are one JSON value: what SQL or another format wrote may be anything. */
    static boolean isJson(byte[] bytes) {
        boolean byteOrderMark = bytes.length >= 3 && bytes[0] == (byte) 0xef && bytes[1] == (byte) 0xbb;
        if (byteOrderMark || !Utf8.isValid(bytes, 0, bytes.length)) {
            return false;
        }
        try (JsonParser parser = FACTORY.createParser(bytes)) {
            if (parser.nextToken() == null || parser.currentTokenLocation().getByteOffset() < 0) {
                return false;
            }
            int depth = 0;
            for (JsonToken token = parser.currentToken(); token != null; token = parser.nextToken()) {
                if (token.isStructStart()) {
                    depth++;
                } else if (token.isStructEnd()) {
                    depth--;
                }
                if (depth == 0) {
                    return parser.nextToken() == null;
                }
            }
            return false;
        } catch (IOException e) {
            return false; // the answer to the question that was asked
        }
    }
}
