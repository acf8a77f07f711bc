package io.trunkline.rest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.Sql;
import io.trunkline.json.Utf8;
import io.trunkline.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code {"records": [...]}} as a stream. Keys and values of the JSON format are taken as they stand in the body,
 * byte for byte, so that numbers, order and spacing come back as they were sent.
 */
final class ProduceParser {
    private static final JsonFactory FACTORY = new JsonFactory();
    private static final Base64.Decoder DECODER = Base64.getDecoder();
    private static final List<String> FIELDS = List.of("value", "key", "partition", "timestamp", "headers");
    private static final int MOST_ERRORS = 10;
    private static final int EXPECTED = 16;
    private static final int MOST_RECORDS = 100_000;
    /** 9999-12-31T23:59:59.999Z, the last millisecond that every tool can show. */
    private static final long LATEST = 253_402_300_799_999L;

    /** Of which the first {@code length} bytes are the body. */
    private final byte[] body;

    private final RecordFormat format;
    private final boolean partitionAllowed;
    private final long now;
    private final JsonParser parser;
    private final RecordBatch.Builder records;
    private int[] partitions = new int[EXPECTED];
    /** What does not fit the shape of the request, and what does not fit the format of its records. */
    private final List<String> shapeErrors = new ArrayList<>();

    private final List<String> recordErrors = new ArrayList<>();

    private ProduceParser(byte[] body, int length, RecordFormat format, boolean partitionAllowed, long now)
            throws IOException {
        this.body = body;
        this.format = format;
        this.partitionAllowed = partitionAllowed;
        this.now = now;
        // What the body holds beside the values makes up for their lengths.
        records = new RecordBatch.Builder(EXPECTED, length);
        parser = FACTORY.createParser(body, 0, length);
    }

    /**
     * Reads a body.
     *
     * @param bytes the body, from the beginning of an array, which is not copied
     * @param partitionAllowed whether a record may name its partition
     * @param now the timestamp of records without one, in milliseconds since the epoch
     * @throws TrunklineException {@code INVALID_JSON}, {@code INVALID_REQUEST} or {@code INVALID_RECORD}; then nothing of
     *     the body is to be used
     */
    static ProduceRequest parse(ByteBuffer bytes, RecordFormat format, boolean partitionAllowed, long now) {
        byte[] body = bytes.array();
        int length = bytes.limit();
        if (!Utf8.isValid(body, 0, length)) {
            throw new TrunklineException(ErrorCode.INVALID_JSON, "The body is not valid UTF-8.");
        }
        try {
            ProduceParser reader = new ProduceParser(body, length, format, partitionAllowed, now);
            try (reader.parser) {
                return reader.read();
            }
        } catch (JsonParseException e) {
            throw new TrunklineException(
                    ErrorCode.INVALID_JSON,
                    "The body is not valid JSON, at line " + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr() + ".");
        } catch (StreamConstraintsException e) {
            throw new TrunklineException(
                    ErrorCode.INVALID_JSON, "The body nests too deeply, or has a number or name that is too long.");
        } catch (IOException e) {
            throw new TrunklineException(ErrorCode.INVALID_JSON, "The body is not valid JSON.", e);
        }
    }

    private ProduceRequest read() throws IOException {
        if (parser.nextToken() == null) {
            throw new TrunklineException(ErrorCode.INVALID_JSON, "The body is empty: send {\"records\": [...]}.");
        }
        if (parser.currentTokenLocation().getByteOffset() < 0) {
            throw new TrunklineException(ErrorCode.INVALID_JSON, "The body is not UTF-8.");
        }
        boolean found = false;
        if (parser.currentToken() == JsonToken.START_OBJECT) {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                if (!name.equals("records")) {
                    shapeError("unknown field " + shown(name));
                    parser.skipChildren();
                } else if (found) {
                    shapeError("records: given twice");
                    parser.skipChildren();
                } else {
                    found = true;
                    readRecords(value);
                }
            }
        } else {
            shapeError("the body must be an object {\"records\": [...]}");
            parser.skipChildren();
        }
        if (parser.nextToken() != null) {
            throw new TrunklineException(ErrorCode.INVALID_JSON, "The body goes on after its JSON document has ended.");
        }
        if (!found && shapeErrors.isEmpty()) {
            shapeError("records: missing");
        }
        if (!shapeErrors.isEmpty()) {
            throw new TrunklineException(
                    ErrorCode.INVALID_REQUEST, "The body does not have the shape {\"records\": [...]}.", shapeErrors);
        }
        if (!recordErrors.isEmpty()) {
            throw new TrunklineException(
                    ErrorCode.INVALID_RECORD, "Records do not fit the format; nothing was written.", recordErrors);
        }
        return new ProduceRequest(records.build(), Arrays.copyOf(partitions, records.count()));
    }

    private void readRecords(JsonToken token) throws IOException {
        if (token != JsonToken.START_ARRAY) {
            shapeError("records: must be an array");
            parser.skipChildren();
            return;
        }
        for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
            if (i == MOST_RECORDS) {
                throw new TrunklineException(
                        ErrorCode.INVALID_REQUEST,
                        "A request has at most " + MOST_RECORDS + " records; nothing was written. Send fewer at once.");
            }
            readRecord(i);
        }
    }

    private void readRecord(int i) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            shapeError("records[" + i + "]: must be an object");
            parser.skipChildren();
            return;
        }
        int partition = Producer.ANY_PARTITION;
        long timestamp = now;
        Piece value = null;
        int seen = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            int field = FIELDS.indexOf(name);
            if (field >= 0 && (seen & 1 << field) != 0) {
                shapeError("records[" + i + "]." + name + ": given twice");
            }
            seen |= field < 0 ? 0 : 1 << field;
            parser.nextToken();
            switch (name) {
                case "value" -> value = readBytes(i, "value");
                case "key" -> {
                    Piece key = readBytes(i, "key");
                    if (key != null) {
                        records.key(key.source(), key.from(), key.length());
                    }
                }
                case "headers" -> readHeaders(i);
                case "partition" -> partition = readPartition(i);
                case "timestamp" -> timestamp = readTimestamp(i);
                default -> {
                    shapeError("records[" + i + "]: unknown field " + shown(name));
                    parser.skipChildren();
                }
            }
        }
        if ((seen & 1 << FIELDS.indexOf("value")) == 0) {
            shapeError("records[" + i + "].value: missing; send null for a tombstone");
        }
        int at = records.count();
        if (at == partitions.length) {
            partitions = Arrays.copyOf(partitions, at * 2);
        }
        partitions[at] = partition;
        if (value == null) {
            records.addTombstone(timestamp);
        } else {
            records.add(timestamp, value.source(), value.from(), value.length());
        }
    }

    /** Bytes that lie somewhere in an array. */
    private record Piece(byte[] source, int from, int length) {
        static Piece of(byte[] bytes) {
            return new Piece(bytes, 0, bytes.length);
        }
    }

    /** The bytes of a key or value; null for null, and for what does not fit the format. */
    private @Nullable Piece readBytes(int i, String field) throws IOException {
        if (parser.currentToken() == JsonToken.VALUE_NULL) {
            return null;
        }
        if (format != RecordFormat.JSON && parser.currentToken() != JsonToken.VALUE_STRING) {
            recordError("records[" + i + "]." + field + ": must be a string or null in the "
                    + (format == RecordFormat.TEXT ? "text" : "binary") + " format");
            parser.skipChildren();
            return null;
        }
        int from = (int) parser.currentTokenLocation().getByteOffset();
        parser.skipChildren();
        parser.finishToken();
        int to = (int) parser.currentLocation().getByteOffset();
        if (format == RecordFormat.JSON) {
            return new Piece(body, from, to - from);
        }
        // What is escaped nowhere stands in the body between its quotes as it is meant.
        boolean plain = true;
        for (int at = from + 1; at < to - 1 && plain; at++) {
            plain = body[at] != '\\';
        }
        if (format == RecordFormat.BINARY) {
            return plain
                    ? decoded(ByteBuffer.wrap(body, from + 1, to - from - 2), "records[" + i + "]." + field)
                    : decoded(ByteBuffer.wrap(parser.getText().getBytes(ISO_8859_1)), "records[" + i + "]." + field);
        }
        if (plain) {
            return new Piece(body, from + 1, to - from - 2);
        }
        Optional<byte[]> bytes = Utf8.encode(parser.getText());
        if (bytes.isEmpty()) {
            recordError("records[" + i + "]." + field + ": has half of a surrogate pair, which is no character");
        }
        return bytes.map(Piece::of).orElse(null);
    }

    private void readHeaders(int i) throws IOException {
        if (parser.currentToken() == JsonToken.VALUE_NULL) {
            return;
        }
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            shapeError("records[" + i + "].headers: must be an array");
            parser.skipChildren();
            return;
        }
        for (int h = 0; parser.nextToken() != JsonToken.END_ARRAY; h++) {
            readHeader("records[" + i + "].headers[" + h + "]");
        }
    }

    private void readHeader(String place) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            shapeError(place + ": must be an object {\"key\": string, \"value\": base64 string or null}");
            parser.skipChildren();
            return;
        }
        String key = null;
        byte[] value = null;
        boolean hasValue = false;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken token = parser.nextToken();
            if (name.equals("key") && key != null || name.equals("value") && hasValue) {
                shapeError(place + "." + name + ": given twice");
            }
            if (name.equals("key") && token == JsonToken.VALUE_STRING) {
                key = parser.getText();
            } else if (name.equals("value") && token == JsonToken.VALUE_NULL) {
                hasValue = true;
            } else if (name.equals("value") && token == JsonToken.VALUE_STRING) {
                hasValue = true;
                Piece piece = decoded(ByteBuffer.wrap(parser.getText().getBytes(ISO_8859_1)), place + ".value");
                value = piece == null ? null : Arrays.copyOf(piece.source(), piece.length());
            } else {
                shapeError(
                        name.equals("key") || name.equals("value")
                                ? place + "." + name + ": must be a string"
                                : place + ": unknown field " + shown(name));
                parser.skipChildren();
            }
        }
        if (key == null || !hasValue) {
            shapeError(place + ": needs key and value");
        } else if (!Sql.isStorable(key)) {
            recordError(place + ".key: must be text without U+0000 and without half surrogate pairs");
        } else {
            records.header(key, value);
        }
    }

    private int readPartition(int i) throws IOException {
        if (parser.currentToken() == JsonToken.VALUE_NULL) {
            return Producer.ANY_PARTITION;
        }
        if (!partitionAllowed) {
            shapeError("records[" + i + "].partition: not allowed here, the path names the partition");
        } else if (!isWhole() || parser.getNumberType() != JsonParser.NumberType.INT || parser.getIntValue() < 0) {
            shapeError("records[" + i + "].partition: must be a whole number from 0 to 2147483647");
        } else {
            return parser.getIntValue();
        }
        parser.skipChildren();
        return Producer.ANY_PARTITION;
    }

    private long readTimestamp(int i) throws IOException {
        if (parser.currentToken() == JsonToken.VALUE_NULL) {
            return now;
        }
        boolean fits = isWhole()
                && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
                && parser.getLongValue() >= 0
                && parser.getLongValue() <= LATEST;
        if (fits) {
            return parser.getLongValue();
        }
        shapeError(
                "records[" + i + "].timestamp: must be a whole number of milliseconds since 1970, up to the year 9999");
        parser.skipChildren();
        return now;
    }

    private boolean isWhole() {
        return parser.currentToken() == JsonToken.VALUE_NUMBER_INT;
    }

    /** The bytes that base64 stands for, from the beginning of an array. */
    private @Nullable Piece decoded(ByteBuffer base64, String place) {
        try {
            ByteBuffer bytes = DECODER.decode(base64);
            return new Piece(bytes.array(), 0, bytes.remaining());
        } catch (IllegalArgumentException e) {
            recordError(place + ": is not base64");
            return null;
        }
    }

    private void shapeError(String error) {
        if (shapeErrors.size() < MOST_ERRORS) {
            shapeErrors.add(error);
        }
    }

    private void recordError(String error) {
        if (recordErrors.size() < MOST_ERRORS) {
            recordErrors.add(error);
        }
    }

    private static String shown(String name) {
        return name.length() <= 50 ? name : name.substring(0, 50) + "…";
    }
}
