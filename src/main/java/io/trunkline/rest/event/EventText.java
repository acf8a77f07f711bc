package io.trunkline.rest.event;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.json.JsonScan;
import io.trunkline.json.JsonText;
import io.trunkline.record.RecordBatch;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * CloudEvents in their JSON format: the structured and the batched mode of the HTTP binding. The text of an event is kept as it is
 * and is the value of its record, as in the structured mode of the Kafka binding. It is looked at where it lies: what is made of it
 * beside the record is bounded, whatever it holds.
 */
public final class EventText {
    /** What the media types of all formats begin with. */
    public static final String ANY = "application/cloudevents";

    /** The media types of one event, and of a batch. */
    public static final String ONE = "application/cloudevents+json";

    public static final String BATCH = "application/cloudevents-batch+json";

    private static final String ONE_IN_UTF_8 = ONE + "; charset=UTF-8";
    private static final Pattern WHOLE = Pattern.compile("-?[0-9]{1,10}");
    private static final int MOST_EVENTS = 100_000;
    private static final int MOST_ERRORS = 10;
    private static final int MOST_ATTRIBUTES = 1_000;
    /** Bytes of an attribute's name as it stands in the text, and of its value. */
    private static final int LONGEST_NAME = 200;

    private static final int LONGEST_VALUE = 64 * 1024;

    /** Of the attributes that the specification knows none is a number or a truth value. */
    private static final Set<String> STRINGS_ONLY = Set.of(
            "id",
            "source",
            Attributes.SPEC_VERSION,
            "type",
            "time",
            "subject",
            "dataschema",
            Attributes.DATA_CONTENT_TYPE);

    private static final int NOWHERE = -1;

    private final byte[] bytes;
    private final JsonScan scan;
    private final long now;
    private final RecordBatch.Builder records;
    private final List<String> errors = new ArrayList<>();

    private EventText(ByteBuffer body, long now) {
        bytes = body.array();
        int to = body.limit();
        if (!JsonText.isValid(bytes, 0, to)) {
            throw new TrunklineException(
                    ErrorCode.INVALID_JSON, "The body is not JSON in UTF-8, or nests too deeply; nothing was written.");
        }
        scan = new JsonScan(bytes, to);
        this.now = now;
        records = new RecordBatch.Builder(4, to);
    }

    /**
     * Reads one event.
     *
     * @param body from the beginning of an array
     * @param contentType of the request, which the record gets
     * @param now the timestamp of the record, in milliseconds since the epoch
     * @throws TrunklineException {@code INVALID_JSON} or {@code INVALID_EVENT}
     */
    public static RecordBatch one(ByteBuffer body, String contentType, long now) {
        EventText text = new EventText(body, now);
        text.add("", text.scan.space(0), contentType);
        return text.records();
    }

    /**
     * Reads events, of which there may be none.
     *
     * @param body from the beginning of an array
     * @param now the timestamp of the records, in milliseconds since the epoch
     * @throws TrunklineException {@code INVALID_JSON} or {@code INVALID_EVENT}, also where only one of them is not valid
     */
    public static RecordBatch batch(ByteBuffer body, long now) {
        EventText text = new EventText(body, now);
        int start = text.scan.space(0);
        if (text.bytes[start] != '[') {
            throw Attributes.invalid(List.of("the body: must be an array of events"));
        }
        text.scan.elements(start, from -> {
            int i = text.records.count();
            if (i == MOST_EVENTS) {
                text.errors.add("the body: has more than " + MOST_EVENTS + " events; send fewer at once");
                return false;
            }
            text.add("events[" + i + "].", from, ONE_IN_UTF_8);
            return text.errors.size() < MOST_ERRORS;
        });
        return text.records();
    }

    /** Whether bytes are an event that has what each must have; the rest of it is its producer's business. */
    static boolean isEvent(byte[] bytes, int from, int to) {
        if (!JsonText.isValid(bytes, from, to)) {
            return false;
        }
        JsonScan scan = new JsonScan(bytes, to);
        int start = scan.space(from);
        Map<String, Boolean> found = new HashMap<>();
        if (bytes[start] == '{') {
            scan.members(start, (nameFrom, nameTo, value) -> {
                String name = nameTo - nameFrom <= LONGEST_NAME ? scan.text(nameFrom, nameTo) : "";
                if (bytes[value] == '"' && Attributes.REQUIRED.contains(name)) {
                    found.put(name, isRequired(scan, name, value + 1, scan.value(value) - 1));
                }
            });
        }
        return Attributes.REQUIRED.stream().allMatch(name -> found.getOrDefault(name, false));
    }

    /** Whether a required attribute has a value that it may have. */
    private static boolean isRequired(JsonScan scan, String name, int from, int to) {
        return name.equals(Attributes.SPEC_VERSION)
                ? to - from <= LONGEST_NAME && scan.text(from, to).equals(Attributes.VERSION)
                : to > from;
    }

    private RecordBatch records() {
        if (!errors.isEmpty()) {
            throw Attributes.invalid(errors.subList(0, Math.min(errors.size(), MOST_ERRORS)));
        }
        return records.build();
    }

    /** Adds the event that begins at a place, or what is wrong with it. */
    private void add(String place, int from, String contentType) {
        int to = scan.value(from);
        if (bytes[from] != '{') {
            errors.add(
                    place.isEmpty()
                            ? "the body: must be an object"
                            : place.replaceFirst("\\.$", ": must be an object"));
            records.addTombstone(now);
            return;
        }
        Map<String, String> texts = new LinkedHashMap<>();
        int[] dataAt = {NOWHERE, NOWHERE};
        scan.members(from, (nameFrom, nameTo, value) -> {
            if (errors.size() >= MOST_ERRORS) {
                return;
            }
            if (nameTo - nameFrom > LONGEST_NAME) {
                errors.add(place + "the name of an attribute: has more than " + LONGEST_NAME + " bytes");
                return;
            }
            String name = scan.text(nameFrom, nameTo);
            if (name.equals("data") || name.equals("data_base64")) {
                int which = name.equals("data") ? 0 : 1;
                if (dataAt[which] != NOWHERE) {
                    errors.add(place + name + ": given twice");
                }
                dataAt[which] = value;
            } else {
                addAttribute(place, texts, name, value);
            }
        });
        texts.values().removeIf(String::isEmpty);
        checkData(place, texts.get(Attributes.DATA_CONTENT_TYPE), dataAt[0], dataAt[1]);
        Attributes.check(texts, place, errors);
        record(texts, from, to, contentType);
    }

    /** Adds an attribute, or what is wrong with it. */
    private void addAttribute(String place, Map<String, String> texts, String name, int value) {
        if (!Attributes.isName(name)) {
            errors.add(place + shown(name) + ": names of attributes have the letters a to z and digits only");
            return;
        }
        if (texts.size() == MOST_ATTRIBUTES) {
            String tooMany = place + "attributes: there are more than " + MOST_ATTRIBUTES;
            if (!errors.contains(tooMany)) {
                errors.add(tooMany);
            }
            return;
        }
        if (scan.value(value) - value > LONGEST_VALUE) {
            errors.add(place + shown(name) + ": has more than " + LONGEST_VALUE + " bytes");
            return;
        }
        Optional<String> text = attribute(value);
        boolean string = bytes[value] == '"' || bytes[value] == 'n';
        if (text.isEmpty() || !string && STRINGS_ONLY.contains(name)) {
            errors.add(place + shown(name) + ": must be a string"
                    + (STRINGS_ONLY.contains(name) ? "" : ", a whole number of 32 bits, true or false"));
        } else if (name.equals(Attributes.PARTITION_KEY)
                && bytes[value] == '"'
                && text.get().isEmpty()) {
            errors.add(place + Attributes.EMPTY_KEY);
        } else if (texts.put(name, text.get()) != null) {
            errors.add(place + shown(name) + ": given twice");
        }
    }

    /** Adds what is wrong with the data, which begin at one of these places, or nowhere. */
    private void checkData(String place, @Nullable String contentType, int data, int base64) {
        if (data != NOWHERE && base64 != NOWHERE) {
            errors.add(place + "data: not allowed beside data_base64");
        } else if (base64 != NOWHERE && !isBase64(base64)) {
            errors.add(place + "data_base64: must be a string of base64");
        } else if (data != NOWHERE
                && bytes[data] != '"'
                && bytes[data] != 'n'
                && contentType != null
                && !Attributes.isJson(contentType)) {
            errors.add(place + "data: must be a string where datacontenttype is not JSON");
        }
    }

    /** Whether a value is a string of base64 (RFC 4648, section 4), whose characters may be escaped as JSON allows. */
    private boolean isBase64(int from) {
        if (bytes[from] != '"') {
            return false;
        }
        int end = scan.value(from) - 1;
        int count = 0;
        int padding = 0;
        int at = from + 1;
        while (at < end) {
            int c = bytes[at++];
            if (c == '\\') {
                c = bytes[at++];
                if (c == 'u') {
                    c = 0;
                    for (int digit = 0; digit < 4; digit++) {
                        c = c << 4 | Character.digit(bytes[at++], 16);
                    }
                } else if (c != '/') {
                    return false;
                }
            }
            if (c == '=') {
                padding++;
            } else if (padding > 0 || !isBase64Digit(c)) {
                return false;
            }
            count++;
        }
        return count % 4 == 0 && padding <= 2;
    }

    private static boolean isBase64Digit(int c) {
        return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/';
    }

    private void record(Map<String, String> texts, int from, int to, String contentType) {
        String key = texts.get(Attributes.PARTITION_KEY);
        if (key != null) {
            byte[] encoded = key.getBytes(StandardCharsets.UTF_8);
            records.key(encoded, 0, encoded.length);
        }
        records.header("content-type", contentType.getBytes(StandardCharsets.UTF_8));
        records.add(now, bytes, from, to - from);
    }

    /** The value of an attribute as a text, which is empty for null, as for one that is not there; nothing for other values. */
    private Optional<String> attribute(int from) {
        int to = scan.value(from);
        return switch (bytes[from]) {
            case '"' -> Optional.of(scan.text(from + 1, to - 1));
            case '{', '[' -> Optional.empty();
            case 'n' -> Optional.of("");
            case 't', 'f' -> Optional.of(scan.text(from, to));
            default ->
                Optional.of(scan.text(from, to))
                        .filter(number -> WHOLE.matcher(number).matches() && isInt(Long.parseLong(number)));
        };
    }

    private static boolean isInt(long number) {
        return number == (int) number;
    }

    private static String shown(String name) {
        return name.length() <= 50 ? name : name.substring(0, 50) + "…";
    }
}
