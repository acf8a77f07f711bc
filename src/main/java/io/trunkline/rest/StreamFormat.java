package io.trunkline.rest;

import io.trunkline.json.JsonBuffer;
import io.trunkline.log.FetchedBatch;
import jakarta.ws.rs.core.MediaType;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How a stream stands in a response: what it begins with, its records, and what the service says in between. */
enum StreamFormat {
    /** Server-sent events (WHATWG HTML, section 9.2). Records are events without a name. */
    EVENTS("text/event-stream") {
        @Override
        void begin(JsonBuffer out, Duration retry, byte @Nullable [] cursor) {
            out.ascii("retry: ").number(retry.toMillis()).ascii("\n");
            // An event without data is not shown to anybody, but its id counts.
            id(out, cursor);
            out.ascii(": open\n\n");
        }

        @Override
        void record(JsonBuffer out, RecordWriter json, FetchedBatch batch, int i, byte @Nullable [] cursor) {
            id(out, cursor);
            out.ascii("data: ");
            int from = out.length();
            json.write(out, batch, i);
            out.onOneLine(from);
            out.ascii("\n\n");
        }

        @Override
        void notice(JsonBuffer out, String name, byte[] json, byte @Nullable [] cursor) {
            id(out, cursor);
            out.ascii("event: ").ascii(name).ascii("\ndata: ").raw(json).ascii("\n\n");
        }

        @Override
        void heartbeat(JsonBuffer out, byte @Nullable [] cursor) {
            id(out, cursor);
            out.ascii(": heartbeat\n\n");
        }

        private static void id(JsonBuffer out, byte @Nullable [] cursor) {
            if (cursor != null) {
                out.ascii("id: ").raw(cursor).ascii("\n");
            }
        }
    },
    /** A JSON object a line. Those of the service have the member {@code event}, which no record has. */
    LINES("application/x-ndjson") {
        @Override
        void begin(JsonBuffer out, Duration retry, byte @Nullable [] cursor) {
            out.ascii("{\"event\":\"open\"");
            end(out, cursor);
        }

        @Override
        void record(JsonBuffer out, RecordWriter json, FetchedBatch batch, int i, byte @Nullable [] cursor) {
            int from = out.length();
            json.write(out, batch, i);
            out.onOneLine(from);
            out.backTo(out.length() - 1); // its brace
            end(out, cursor);
        }

        @Override
        void notice(JsonBuffer out, String name, byte[] json, byte @Nullable [] cursor) {
            out.ascii("{\"event\":\"").ascii(name).ascii("\",\"data\":").raw(json);
            end(out, cursor);
        }

        @Override
        void heartbeat(JsonBuffer out, byte @Nullable [] cursor) {
            out.ascii("{\"event\":\"heartbeat\"");
            end(out, cursor);
        }

        private static void end(JsonBuffer out, byte @Nullable [] cursor) {
            if (cursor != null) {
                out.ascii(",\"cursor\":\"").raw(cursor).ascii("\"");
            }
            out.ascii("}\n");
        }
    };

    private final String mediaType;

    StreamFormat(String mediaType) {
        this.mediaType = mediaType;
    }

    String mediaType() {
        return mediaType;
    }

    /** What a stream begins with, so that a client that hears of no record yet knows where to go on. */
    abstract void begin(JsonBuffer out, Duration retry, byte @Nullable [] cursor);

    /** A record of a batch, with where to go on after it. */
    abstract void record(JsonBuffer out, RecordWriter json, FetchedBatch batch, int i, byte @Nullable [] cursor);

    /** Something that the client has to know, on one line of JSON, under a name of small letters. */
    abstract void notice(JsonBuffer out, String name, byte[] json, byte @Nullable [] cursor);

    /** A sign that the stream is open, with where to go on where that has changed without a record. */
    abstract void heartbeat(JsonBuffer out, byte @Nullable [] cursor);

    /** The format of a stream that a client wants more than any other response; empty where it wants another one. */
    static Optional<StreamFormat> wanted(List<MediaType> types) {
        return types.isEmpty() ? Optional.empty() : of(types.getFirst());
    }

    /** The first format of a stream that a client accepts; empty where it accepts none. */
    static Optional<StreamFormat> accepted(List<MediaType> types) {
        if (types.isEmpty()) {
            return Optional.of(EVENTS);
        }
        return types.stream()
                .flatMap(type -> (type.isWildcardType() ? Optional.of(EVENTS) : of(type)).stream())
                .findFirst();
    }

    private static Optional<StreamFormat> of(MediaType type) {
        for (StreamFormat format : values()) {
            if (MediaTypes.is(type, format.mediaType)) {
                return Optional.of(format);
            }
        }
        return Optional.empty();
    }
}
