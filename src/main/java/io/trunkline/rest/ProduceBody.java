package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.json.Utf8;
import io.trunkline.record.RecordBatch;
import io.trunkline.rest.event.EventHeaders;
import io.trunkline.rest.event.EventText;
import io.vertx.core.http.HttpServerRequest;
import jakarta.ws.rs.core.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How the records of a produce request stand in its body. */
sealed interface ProduceBody {
    /** The parameter that holds the key of records without an envelope. */
    String KEY = "key";

    /** The parameter that asks for the offset of each line. */
    String EACH_OFFSET = "offsets";

    /**
     * How they stand in the body of a request, by its headers.
     *
     * @throws TrunklineException {@code UNSUPPORTED_MEDIA_TYPE}, {@code INVALID_EVENT}, or {@code INVALID_PARAMETER} for a key that
     *     is no text, and for parameters that are for other bodies
     */
    static ProduceBody of(HttpServerRequest request) {
        ProduceBody body = ofHeaders(request);
        String query = request.query();
        if (query != null) {
            refuse(EACH_OFFSET, query);
            if (!(body instanceof OneRecord)) {
                refuse(KEY, query);
            }
        }
        return body;
    }

    private static void refuse(String parameter, String query) {
        if (Parameters.text(parameter, query).isPresent()) {
            throw new TrunklineException(
                    ErrorCode.INVALID_PARAMETER,
                    "The parameter " + parameter + " cannot be used with this Content-Type; nothing was written.");
        }
    }

    private static ProduceBody ofHeaders(HttpServerRequest request) {
        @Nullable String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
        String name = MediaTypes.name(type);
        if (type != null && name.equals(EventText.ONE)) {
            return new Event(type);
        }
        if (name.equals(EventText.BATCH)) {
            return new Events();
        }
        if (EventHeaders.areMeant(request.headers(), name)) {
            return new HeadedEvent(EventHeaders.of(request.headers()));
        }
        return switch (name) {
            case MediaTypes.BYTES -> new OneRecord(false, Parameters.text(KEY, request.query()));
            case MediaTypes.PLAIN_TEXT -> new OneRecord(true, Parameters.text(KEY, request.query()));
            default -> new Envelope(RecordFormat.ofContentType(type));
        };
    }

    /**
     * Reads a body.
     *
     * @param bytes the body, from the beginning of an array, which is not copied
     * @param partitionAllowed whether a record may name its partition
     * @param now the timestamp of records without one, in milliseconds since the epoch
     * @throws TrunklineException where it cannot be read; then nothing of it is to be used
     */
    ProduceRequest parse(ByteBuffer bytes, boolean partitionAllowed, long now);

    /** Whether the failure of a record is that of the request. */
    default boolean isWhole() {
        return true;
    }

    /** Whether there are CloudEvents, whose senders take the body of a response for an event unless they ask for another one. */
    default boolean isEvent() {
        return false;
    }

    /** {@code {"records": [...]}}. */
    record Envelope(RecordFormat format) implements ProduceBody {
        @Override
        public ProduceRequest parse(ByteBuffer bytes, boolean partitionAllowed, long now) {
            return ProduceParser.parse(bytes, format, partitionAllowed, now);
        }

        @Override
        public boolean isWhole() {
            return false;
        }
    }

    /**
     * The body is the value of one record, byte for byte; an empty one is an empty value.
     *
     * @param text whether it must be UTF-8
     * @param key the text whose UTF-8 is the key; empty for a record without one
     */
    record OneRecord(boolean text, Optional<String> key) implements ProduceBody {
        @Override
        public ProduceRequest parse(ByteBuffer bytes, boolean partitionAllowed, long now) {
            int length = bytes.limit();
            if (text && !Utf8.isValid(bytes.array(), 0, length)) {
                throw new TrunklineException(
                        ErrorCode.INVALID_RECORD,
                        "The record does not fit the format; nothing was written.",
                        List.of("the body: is not valid UTF-8; send other bytes as " + MediaTypes.BYTES));
            }
            RecordBatch.Builder record = new RecordBatch.Builder(1, length);
            if (key.isPresent()) {
                byte[] encoded = key.get().getBytes(StandardCharsets.UTF_8);
                record.key(encoded, 0, encoded.length);
            }
            record.add(now, bytes.array(), 0, length);
            return ProduceRequest.anywhere(record.build());
        }
    }

    /** The body is the data of a CloudEvent: its binary mode. */
    record HeadedEvent(EventHeaders headers) implements ProduceBody {
        @Override
        public ProduceRequest parse(ByteBuffer bytes, boolean partitionAllowed, long now) {
            return ProduceRequest.anywhere(headers.record(bytes, now));
        }

        @Override
        public boolean isEvent() {
            return true;
        }
    }

    /** The body is a CloudEvent in its JSON format: the structured mode. */
    record Event(String contentType) implements ProduceBody {
        @Override
        public ProduceRequest parse(ByteBuffer bytes, boolean partitionAllowed, long now) {
            return ProduceRequest.anywhere(EventText.one(bytes, contentType, now));
        }

        @Override
        public boolean isEvent() {
            return true;
        }
    }

    /** The body is an array of CloudEvents: the batched mode. */
    record Events() implements ProduceBody {
        @Override
        public ProduceRequest parse(ByteBuffer bytes, boolean partitionAllowed, long now) {
            return ProduceRequest.anywhere(EventText.batch(bytes, now));
        }

        @Override
        public boolean isEvent() {
            return true;
        }
    }
}
