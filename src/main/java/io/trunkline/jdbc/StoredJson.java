package io.trunkline.jdbc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * JSON in columns, which SQL may have written: what is of another shape than expected is passed over, since a row that
 * cannot be read would fail every query that meets it.
 */
public final class StoredJson {
    private static final JsonMapper MAPPER = new JsonMapper();

    private StoredJson() {}

    /** The texts of a list. */
    public static List<String> list(@Nullable String json) {
        List<String> texts = new ArrayList<>();
        JsonNode node = node(json);
        if (node.isArray()) {
            node.forEach(item -> {
                if (item.isTextual()) {
                    texts.add(item.textValue());
                }
            });
        }
        return texts;
    }

    /** The texts, numbers and booleans of an object, as the text they stand for. */
    public static Map<String, String> texts(@Nullable String json) {
        Map<String, String> texts = new TreeMap<>();
        JsonNode node = node(json);
        if (node.isObject()) {
            node.properties().forEach(entry -> {
                if (entry.getValue().isValueNode() && !entry.getValue().isNull()) {
                    texts.put(entry.getKey(), entry.getValue().asText());
                }
            });
        }
        return texts;
    }

    /** The lists of whole numbers of an object. */
    public static Map<String, List<Integer>> numbers(@Nullable String json) {
        Map<String, List<Integer>> numbers = new TreeMap<>();
        JsonNode node = node(json);
        if (node.isObject()) {
            node.properties().forEach(entry -> {
                List<Integer> list = new ArrayList<>();
                entry.getValue().forEach(item -> {
                    if (item.isIntegralNumber() && item.canConvertToInt()) {
                        list.add(item.intValue());
                    }
                });
                numbers.put(entry.getKey(), list);
            });
        }
        return numbers;
    }

    public static String of(Collection<String> texts) {
        return written(texts);
    }

    public static String of(Map<String, String> texts) {
        return written(texts);
    }

    public static String ofNumbers(Map<String, List<Integer>> numbers) {
        return written(numbers);
    }

    private static JsonNode node(@Nullable String json) {
        try {
            return json == null ? MissingNode.getInstance() : MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance(); // deeper nested than Jackson reads
        }
    }

    private static String written(Object texts) {
        try {
            return MAPPER.writeValueAsString(texts);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("texts that JSON cannot hold", e);
        }
    }
}
