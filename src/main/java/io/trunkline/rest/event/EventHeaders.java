package io.trunkline.rest.event;

import io.trunkline.error.TrunklineException;
import io.trunkline.json.Utf8;
import io.trunkline.record.RecordBatch;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A CloudEvent whose attributes are headers and whose data is the body: the binary mode of the HTTP binding, section 3.1.
 *
 * @param attributes by name, as texts, in the order in which they came
 * @param contentType the media type of the data
 */
public record EventHeaders(Map<String, String> attributes, Optional<String> contentType) {
    private static final String PREFIX = "ce-";
    /** What the media types of the bridge begin with. */
    private static final String ENVELOPE = "application/vnd.kafka.";

    /** By which a request is known to be meant as an event, so that one that lacks some of them is told so. */
    private static final List<CharSequence> MARKS = Attributes.REQUIRED.stream()
            .map(name -> HttpHeaders.createOptimized(PREFIX + name))
            .toList();

    private static final int MOST_ERRORS = 10;

    public EventHeaders {
        attributes = Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
    }

    /**
     * Whether a request is meant as an event whose data are its body: whether it has any of the headers that an event must have.
     * Bodies that are events themselves, and envelopes with records, are nobody's data: whatever passes the headers on, as gateways
     * do, does not change what such a body is.
     *
     * @param mediaType of the body, without parameters and in lower case
     */
    public static boolean areMeant(MultiMap headers, String mediaType) {
        if (mediaType.startsWith(EventText.ANY) || mediaType.startsWith(ENVELOPE)) {
            return false;
        }
        for (CharSequence mark : MARKS) {
            if (headers.contains(mark)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Reads the headers of a request.
     *
     * @throws TrunklineException {@code INVALID_EVENT} with what is wrong with them
     */
    public static EventHeaders of(MultiMap headers) {
        Map<String, String> attributes = new LinkedHashMap<>();
        List<String> errors = new ArrayList<>();
        for (Map.Entry<String, String> header : headers) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            if (!name.startsWith(PREFIX)) {
                continue;
            }
            String attribute = name.substring(PREFIX.length());
            Optional<String> value = decoded(header.getValue());
            if (!Attributes.isName(attribute)) {
                errors.add(shown(name) + ": names of attributes have the letters a to z and digits only");
            } else if (attribute.equals("data") || attribute.equals(Attributes.DATA_CONTENT_TYPE)) {
                errors.add(name + ": not allowed, the body is the data and Content-Type its type");
            } else if (attributes.containsKey(attribute)) {
                errors.add(shown(name) + ": given twice");
            } else if (value.isEmpty()) {
                errors.add(shown(name) + ": is not percent-encoded UTF-8");
            } else {
                attributes.put(attribute, value.get());
            }
            if (errors.size() == MOST_ERRORS) {
                throw Attributes.invalid(errors);
            }
        }
        Attributes.check(attributes, PREFIX, errors);
        if (!errors.isEmpty()) {
            throw Attributes.invalid(errors.subList(0, Math.min(errors.size(), MOST_ERRORS)));
        }
        return new EventHeaders(attributes, Optional.ofNullable(headers.get(HttpHeaders.CONTENT_TYPE)));
    }

    /**
     * The event as the Kafka binding has it: attributes as headers with the prefix {@code ce_}, the data as the value, which an
     * event without data does not have, and the attribute {@code partitionkey} as the key as well.
     *
     * @param body from the beginning of an array
     * @param now the timestamp of the record, in milliseconds since the epoch
     */
    public RecordBatch record(ByteBuffer body, long now) {
        int length = body.limit();
        RecordBatch.Builder record = new RecordBatch.Builder(1, length);
        attributes.forEach((name, text) -> record.header("ce_" + name, bytes(text)));
        contentType.ifPresent(type -> record.header("content-type", bytes(type)));
        String key = attributes.get(Attributes.PARTITION_KEY);
        if (key != null) {
            byte[] encoded = bytes(key);
            record.key(encoded, 0, encoded.length);
        }
        if (length == 0) {
            record.addTombstone(now);
        } else {
            record.add(now, body.array(), 0, length);
        }
        return record.build();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String shown(String name) {
        return name.length() <= 50 ? name : name.substring(0, 50) + "…";
    }

    /** The text that a header stands for; empty for what is not UTF-8. */
    private static Optional<String> decoded(String header) {
        // HTTP knows bytes: each is a character here.
        byte[] escaped = unquoted(header).getBytes(StandardCharsets.ISO_8859_1);
        byte[] plain = new byte[escaped.length];
        int length = 0;
        for (int i = 0; i < escaped.length; i++) {
            if (escaped[i] != '%') {
                plain[length++] = escaped[i];
                continue;
            }
            int high = i + 2 < escaped.length ? Character.digit(escaped[i + 1], 16) : -1;
            int low = i + 2 < escaped.length ? Character.digit(escaped[i + 2], 16) : -1;
            if (high < 0 || low < 0) {
                return Optional.empty();
            }
            plain[length++] = (byte) (high << 4 | low);
            i += 2;
        }
        return Utf8.isValid(plain, 0, length)
                ? Optional.of(new String(plain, 0, length, StandardCharsets.UTF_8))
                : Optional.empty();
    }

    /** Older senders quote values: what stands in double quotes is taken out of them, and of its backslashes (RFC 9110, 5.6.4). */
    private static String unquoted(String header) {
        if (header.indexOf('"') < 0) {
            return header;
        }
        StringBuilder text = new StringBuilder(header.length());
        boolean quoted = false;
        for (int i = 0; i < header.length(); i++) {
            char c = header.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (quoted && c == '\\' && i + 1 < header.length()) {
                text.append(header.charAt(++i));
            } else {
                text.append(c);
            }
        }
        return text.toString();
    }
}
