package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.rest.event.EventText;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** How keys and values stand in a body. */
enum RecordFormat {
    /** As JSON values. */
    JSON(MediaTypes.JSON),
    /** As strings that hold base64. */
    BINARY(MediaTypes.BINARY),
    /** As strings. */
    TEXT(MediaTypes.TEXT);

    private final String mediaType;

    RecordFormat(String mediaType) {
        this.mediaType = mediaType;
    }

    /** The format that a consumer is made with by this name. */
    static Optional<RecordFormat> named(String name) {
        return Stream.of(values())
                .filter(format -> format.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst();
    }

    /** The format in a consumer's row; the default for one that is none. */
    static RecordFormat stored(String name) {
        return named(name).orElse(BINARY);
    }

    String mediaType() {
        return mediaType;
    }

    /** @throws TrunklineException {@code UNSUPPORTED_MEDIA_TYPE} for what is neither a record format nor plain JSON */
    static RecordFormat ofContentType(@Nullable String header) {
        return switch (MediaTypes.name(header)) {
            case MediaTypes.JSON, MediaTypes.PLAIN_JSON -> JSON;
            case MediaTypes.BINARY -> BINARY;
            case MediaTypes.TEXT -> TEXT;
            default ->
                throw new TrunklineException(
                        ErrorCode.UNSUPPORTED_MEDIA_TYPE,
                        "Records are taken as " + MediaTypes.JSON + " (or " + MediaTypes.PLAIN_JSON + "), "
                                + MediaTypes.BINARY + " or " + MediaTypes.TEXT + ", as lines (" + MediaTypes.LINES
                                + "), as CloudEvents (" + EventText.ONE + ", " + EventText.BATCH
                                + " or headers), or one as " + MediaTypes.BYTES + " or " + MediaTypes.PLAIN_TEXT
                                + ": set the Content-Type header to one of them.");
        };
    }

    /** A format and the name under which the client asked for it. */
    record Accepted(RecordFormat format, String mediaType) {
        /** Whether records are given as CloudEvents, which only a fetch does. */
        boolean asEvents() {
            return mediaType.equals(EventText.BATCH);
        }
    }

    /**
     * The name under which the client accepts records in this format. A refusal is in the words of the bridge's contract.
     *
     * @throws TrunklineException {@code NOT_ACCEPTABLE} when it accepts others only
     */
    Accepted accepted(MediaTypes.Wanted wanted) {
        return new Accepted(
                this,
                nameFor(wanted)
                        .orElseThrow(() -> new TrunklineException(
                                ErrorCode.NOT_ACCEPTABLE,
                                "The `format` used in the consumer creation request does not match the embedded format in"
                                        + " the Accept header of this request.")));
    }

    /** The name under which the client accepts records in this format; empty where it accepts others only. */
    Optional<String> nameFor(MediaTypes.Wanted wanted) {
        return wanted.anything()
                ? Optional.of(mediaType)
                : wanted.names().stream()
                        .filter(name -> name.equals(mediaType) || (this == JSON && name.equals(MediaTypes.PLAIN_JSON)))
                        .findFirst();
    }

    /**
     * The format of an answer: the first that the client accepts, {@link #JSON} when it accepts anything.
     *
     * @throws TrunklineException {@code NOT_ACCEPTABLE}
     */
    static Accepted accepted(List<MediaType> types) {
        if (types.isEmpty()) {
            return new Accepted(JSON, MediaTypes.JSON);
        }
        for (MediaType type : types) {
            if (type.isWildcardType() || (type.getType().equals("application") && type.isWildcardSubtype())) {
                return new Accepted(JSON, MediaTypes.JSON);
            }
            if (MediaTypes.is(type, MediaTypes.PLAIN_JSON)) {
                return new Accepted(JSON, MediaTypes.PLAIN_JSON);
            }
            if (MediaTypes.is(type, EventText.BATCH)) {
                return new Accepted(JSON, EventText.BATCH);
            }
            for (RecordFormat format : values()) {
                if (MediaTypes.is(type, format.mediaType)) {
                    return new Accepted(format, format.mediaType);
                }
            }
        }
        throw new TrunklineException(
                ErrorCode.NOT_ACCEPTABLE,
                "Records are given as " + MediaTypes.JSON + " (or " + MediaTypes.PLAIN_JSON + "), " + MediaTypes.BINARY
                        + ", " + MediaTypes.TEXT + " or " + EventText.BATCH
                        + ": name one of them in the Accept header.");
    }
}
