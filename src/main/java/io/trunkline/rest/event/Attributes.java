package io.trunkline.rest.event;

import io.cloudevents.core.builder.CloudEventBuilder;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** What the attributes of a CloudEvent have to be, in whatever mode it comes. */
final class Attributes {
    static final String VERSION = "1.0";
    static final String SPEC_VERSION = "specversion";
    static final String DATA_CONTENT_TYPE = "datacontenttype";
    static final String PARTITION_KEY = "partitionkey";
    static final List<String> REQUIRED = List.of("id", "source", SPEC_VERSION, "type");

    /** What is wrong with the attribute {@code partitionkey} without a character; the extension asks for one at least. */
    static final String EMPTY_KEY = PARTITION_KEY + ": must not be empty";

    private static final Pattern NAME = Pattern.compile("[a-z0-9]+");

    private Attributes() {}

    static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }

    /** Whether a text has characters that no attribute may have: control characters, and halves of surrogate pairs. */
    static boolean isIllegal(String text) {
        return text.codePoints()
                .anyMatch(c -> c <= 0x1f
                        || c >= 0x7f && c <= 0x9f
                        || c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
    }

    /** Whether data of a media type are JSON. */
    static boolean isJson(String contentType) {
        String name = mediaType(contentType);
        return name.endsWith("/json") || name.endsWith("+json");
    }

    /** The name of a media type, without parameters and in lower case. */
    static String mediaType(String contentType) {
        int semicolon = contentType.indexOf(';');
        return (semicolon < 0 ? contentType : contentType.substring(0, semicolon))
                .strip()
                .toLowerCase(Locale.ROOT);
    }

    /**
     * Adds what is wrong with the attributes of an event.
     *
     * @param texts the attributes by name, as texts
     * @param place what to begin a message with
     */
    static void check(Map<String, String> texts, String place, List<String> errors) {
        for (String name : REQUIRED) {
            String text = texts.get(name);
            if (text == null || text.isEmpty()) {
                errors.add(place + name + ": missing");
            }
        }
        String version = texts.get(SPEC_VERSION);
        if (version != null && !version.isEmpty() && !version.equals(VERSION)) {
            errors.add(place + SPEC_VERSION + ": must be " + VERSION);
        }
        String key = texts.get(PARTITION_KEY);
        if (key != null && key.isEmpty()) {
            errors.add(place + EMPTY_KEY);
        }
        CloudEventBuilder builder = CloudEventBuilder.v1();
        texts.forEach((name, text) -> {
            if (isIllegal(text)) {
                errors.add(place + name + ": has control characters or half surrogate pairs");
            } else if (!name.equals(SPEC_VERSION) && !isTaken(builder, name, text)) {
                errors.add(place + name + ": is not a " + (name.equals("time") ? "time (RFC 3339)" : "legal value"));
            }
        });
    }

    /** Whether the library takes an attribute: what it refuses it tells by exceptions of several types. */
    private static boolean isTaken(CloudEventBuilder builder, String name, String text) {
        try {
            builder.withContextAttribute(name, text);
            return true;
        } catch (RuntimeException e) {
            return false;
        }
    }

    static TrunklineException invalid(List<String> errors) {
        return new TrunklineException(
                ErrorCode.INVALID_EVENT, "The request is not a valid CloudEvent 1.0; nothing was written.", errors);
    }
}
