package io.trunkline.rest.event;

import io.trunkline.json.JsonBuffer;
import io.trunkline.json.JsonText;
import io.trunkline.json.Utf8;
import io.trunkline.log.FetchedBatch;
import io.trunkline.record.ByteColumn;
import io.trunkline.record.RecordBatch;
import io.trunkline.topic.TopicName;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Writes the records of a partition as CloudEvents in their JSON format. A record that is an event, by the Kafka binding, is that
 * event; any other is the data of one that says where the record stands.
 */
public final class EventJson {
    private static final String TYPE = "io.trunkline.record";
    private static final String PREFIX = "ce_";
    /** Attributes that an event may lack, and has a value of where it has them (CloudEvents 1.0, section 3; its partitioning extension). */
    private static final Set<String> NEVER_EMPTY = Set.of("subject", "time", "dataschema", Attributes.PARTITION_KEY);

    private static final long LATEST = 253_402_300_799_999L;

    private final TopicName topic;
    private final int partition;

    public EventJson(TopicName topic, int partition) {
        this.topic = topic;
        this.partition = partition;
    }

    /** Writes one record of a batch. */
    public void write(JsonBuffer json, FetchedBatch batch, int i) {
        RecordBatch records = batch.records();
        Optional<String> contentType = Optional.empty();
        Map<String, String> attributes = new LinkedHashMap<>();
        boolean legal = true;
        for (int h = records.headerStart(i); h < records.headerEnd(i); h++) {
            String name = records.headerKey(h);
            byte[] value = records.headerValue(h);
            boolean text = value != null && Utf8.isValid(value, 0, value.length);
            if (name.equalsIgnoreCase("content-type")) {
                if (value != null && value.length > 0 && text && contentType.isEmpty()) {
                    contentType = Optional.of(new String(value, StandardCharsets.UTF_8));
                }
            } else if (name.startsWith(PREFIX)) {
                String attribute = name.substring(PREFIX.length());
                legal &= value != null
                        && text
                        && Attributes.isName(attribute)
                        && !attribute.equals("data")
                        && !attribute.equals(Attributes.DATA_CONTENT_TYPE)
                        && attributes.put(attribute, new String(value, StandardCharsets.UTF_8)) == null;
            }
        }
        attributes
                .entrySet()
                .removeIf(attribute -> attribute.getValue().isEmpty() && NEVER_EMPTY.contains(attribute.getKey()));
        if (isStructured(contentType, records.values(), i)) {
            ByteColumn values = records.values();
            json.raw(values.bytes(), values.start(i), values.length(i));
        } else if (legal
                && isEvent(attributes)
                && contentType.filter(Attributes::isIllegal).isEmpty()) {
            json.ascii("{");
            attributes.forEach((name, text) ->
                    json.ascii("\"").ascii(name).ascii("\":").string(text).ascii(","));
            contentType.ifPresent(
                    type -> json.ascii("\"datacontenttype\":").string(type).ascii(","));
            data(json, contentType, records.values(), i);
            json.ascii("\"specversion\":\"1.0\"}");
        } else {
            wrap(json, batch, i);
        }
    }

    private static boolean isStructured(Optional<String> contentType, ByteColumn values, int i) {
        return contentType
                        .filter(type -> Attributes.mediaType(type).equals(EventText.ONE))
                        .isPresent()
                && !values.isNull(i)
                && EventText.isEvent(values.bytes(), values.start(i), values.start(i) + values.length(i));
    }

    /** Whether there is all that an event needs; its version is written by itself then. */
    private static boolean isEvent(Map<String, String> attributes) {
        List<String> errors = new ArrayList<>();
        Attributes.check(attributes, "", errors);
        attributes.remove(Attributes.SPEC_VERSION);
        return errors.isEmpty();
    }

    private void wrap(JsonBuffer json, FetchedBatch batch, int i) {
        RecordBatch records = batch.records();
        json.ascii("{\"id\":\"")
                .number(partition)
                .ascii(":")
                .number(batch.offset(i))
                .ascii("\",\"source\":\"/topics/")
                .ascii(topic.value())
                .ascii("\",\"type\":\"")
                .ascii(TYPE)
                .ascii("\",");
        long timestamp = records.timestamp(i);
        if (timestamp >= 0 && timestamp <= LATEST) {
            json.ascii("\"time\":\"")
                    .ascii(Instant.ofEpochMilli(timestamp).toString())
                    .ascii("\",");
        }
        byte[] key = records.key(i);
        if (key != null) {
            String text = Utf8.isValid(key, 0, key.length) ? new String(key, StandardCharsets.UTF_8) : "";
            if (text.isEmpty() || Attributes.isIllegal(text)) {
                json.ascii("\"partitionkeybase64\":").base64(key, 0, key.length);
            } else {
                json.ascii("\"partitionkey\":").string(text);
            }
            json.ascii(",");
        }
        ByteColumn values = records.values();
        if (!values.isNull(i)) {
            int from = values.start(i);
            int to = from + values.length(i);
            String type = JsonText.isValid(values.bytes(), from, to)
                    ? "application/json"
                    : Utf8.isValid(values.bytes(), from, to) ? "text/plain; charset=utf-8" : "application/octet-stream";
            json.ascii("\"datacontenttype\":").string(type).ascii(",");
            data(json, Optional.of(type), values, i);
        }
        json.ascii("\"specversion\":\"1.0\"}");
    }

    /** Writes the data, where there are some, with a comma behind them: as JSON or text where the type says so and it is true. */
    private static void data(JsonBuffer json, Optional<String> contentType, ByteColumn values, int i) {
        if (values.isNull(i)) {
            return;
        }
        byte[] bytes = values.bytes();
        int from = values.start(i);
        int length = values.length(i);
        if (contentType.map(Attributes::isJson).orElse(true) && JsonText.isValid(bytes, from, from + length)) {
            json.ascii("\"data\":").raw(bytes, from, length);
        } else if (contentType.map(EventJson::isText).orElse(false) && Utf8.isValid(bytes, from, from + length)) {
            json.ascii("\"data\":").utf8String(bytes, from, length);
        } else {
            json.ascii("\"data_base64\":").base64(bytes, from, length);
        }
        json.ascii(",");
    }

    private static boolean isText(String contentType) {
        String name = Attributes.mediaType(contentType);
        String parameters = contentType.toLowerCase(Locale.ROOT);
        return (name.startsWith("text/") || name.equals("application/xml") || name.endsWith("+xml"))
                && (!parameters.contains("charset=") || parameters.matches(".*charset=\"?(utf-8|us-ascii)\\b.*"));
    }
}
