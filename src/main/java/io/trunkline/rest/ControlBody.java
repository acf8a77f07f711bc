package io.trunkline.rest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.Sql;
import io.trunkline.json.Utf8;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.core.HttpHeaders;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;

/** A small JSON object with what is wrong in it collected, so that a client learns everything at once. */
final class ControlBody {
    private static final Set<String> MEDIA_TYPES =
            Set.of(MediaTypes.CONTROL, MediaTypes.PLAIN_JSON, MediaTypes.JSON, "");
    private static final ObjectReader READER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .build()
            .reader();

    /** It is read as a whole, on the event loop. */
    private static final int LARGEST = 256 * 1024;

    private static final int MOST_ERRORS = 10;

    private final JsonNode node;
    private final List<String> errors = new ArrayList<>();

    private ControlBody(JsonNode node) {
        this.node = node;
    }

    /**
     * Reads the body of a request, an object that has no other fields than these.
     *
     * @throws TrunklineException {@code UNSUPPORTED_MEDIA_TYPE}, {@code INVALID_JSON} or {@code INVALID_TEXT}
     */
    static ControlBody parse(RoutingContext context, Set<String> fields) {
        if (!MEDIA_TYPES.contains(MediaTypes.name(context.request().getHeader(HttpHeaders.CONTENT_TYPE)))) {
            throw new TrunklineException(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
                    "The body is taken as " + MediaTypes.CONTROL + " or " + MediaTypes.PLAIN_JSON
                            + ": set the Content-Type header to one of them.");
        }
        ByteBuffer bytes = BodyFilter.bytes(context).get();
        byte[] body = bytes.array();
        int length = bytes.limit();
        if (length > LARGEST) {
            throw new TrunklineException(
                    ErrorCode.BODY_TOO_LARGE, "This body is larger than " + LARGEST + " bytes; nothing was done.");
        }
        if (!Utf8.isValid(body, 0, length)) {
            throw new TrunklineException(ErrorCode.INVALID_JSON, "The body is not valid UTF-8.");
        }
        JsonNode node;
        try {
            node = READER.readTree(body, 0, length);
        } catch (JsonProcessingException e) {
            String place = e.getLocation() == null
                    ? ""
                    : ", at line " + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr();
            throw new TrunklineException(ErrorCode.INVALID_JSON, "The body is not valid JSON" + place + ".");
        } catch (IOException e) {
            throw new TrunklineException(ErrorCode.INVALID_JSON, "The body is not valid JSON.", e);
        }
        checkTexts(node);
        ControlBody control = new ControlBody(node);
        if (!node.isObject()) {
            control.errors.add("the body must be a JSON object");
        }
        node.fieldNames().forEachRemaining(name -> {
            if (!fields.contains(name) && control.errors.size() < MOST_ERRORS) {
                control.errors.add("unknown field " + (name.length() > 50 ? name.substring(0, 50) + "…" : name));
            }
        });
        return control;
    }

    /** JSON can hold texts by escapes that neither UTF-8 nor PostgreSQL can: refused here, for whatever they are meant. */
    private static void checkTexts(JsonNode node) {
        boolean storable = !node.isTextual() || Sql.isStorable(node.textValue());
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            storable &= Sql.isStorable(entry.getKey());
        }
        if (!storable) {
            throw new TrunklineException(
                    ErrorCode.INVALID_TEXT,
                    "The body has a text with half a surrogate pair (such as \\ud800) or with U+0000, which cannot be stored.");
        }
        node.forEach(ControlBody::checkTexts);
    }

    /** The body of a request that has none, where that stands for an object without fields. */
    static ControlBody empty() {
        return new ControlBody(JsonNodeFactory.instance.objectNode());
    }

    boolean has(String field) {
        JsonNode value = node.path(field);
        return !value.isMissingNode() && !value.isNull();
    }

    private <T> Optional<T> value(String field, Predicate<JsonNode> fits, String shape, Function<JsonNode, T> read) {
        if (!has(field)) {
            return Optional.empty();
        }
        JsonNode value = node.path(field);
        if (!fits.test(value)) {
            errors.add(field + ": must be " + shape);
            return Optional.empty();
        }
        return Optional.of(read.apply(value));
    }

    Optional<Boolean> bool(String field) {
        return value(field, JsonNode::isBoolean, "true or false", JsonNode::booleanValue);
    }

    Optional<String> text(String field) {
        return value(field, JsonNode::isTextual, "a string", JsonNode::textValue);
    }

    OptionalInt whole(String field) {
        return value(field, n -> n.isIntegralNumber() && n.canConvertToInt(), "a whole number", JsonNode::intValue)
                .map(OptionalInt::of)
                .orElseGet(OptionalInt::empty);
    }

    OptionalLong wholeLong(String field) {
        return value(
                        field,
                        n -> n.isIntegralNumber() && n.canConvertToLong() && n.longValue() >= 0,
                        "a whole number that is not negative",
                        JsonNode::longValue)
                .map(OptionalLong::of)
                .orElseGet(OptionalLong::empty);
    }

    OptionalLong signedLong(String field) {
        return value(field, n -> n.isIntegralNumber() && n.canConvertToLong(), "a whole number", JsonNode::longValue)
                .map(OptionalLong::of)
                .orElseGet(OptionalLong::empty);
    }

    /** The items of a list that has to be there. */
    List<JsonNode> items(String field, int most) {
        List<JsonNode> items = new ArrayList<>();
        if (!has(field)) {
            missing(field);
        } else if (!node.path(field).isArray()) {
            errors.add(field + ": must be a list");
        } else if (node.path(field).size() > most) {
            errors.add(field + ": must have at most " + most + " items");
        } else {
            node.path(field).forEach(items::add);
        }
        return items;
    }

    /** A list of strings that has to be there. */
    List<String> textItems(String field, int most) {
        List<String> texts = new ArrayList<>();
        for (JsonNode item : items(field, most)) {
            if (!item.isTextual()) {
                errors.add(field + ": must be a list of strings");
                return texts;
            }
            texts.add(item.textValue());
        }
        return texts;
    }

    void wrong(String what) {
        errors.add(what);
    }

    /** An object of strings, numbers and booleans, taken as the text they stand for. */
    Map<String, String> texts(String field) {
        return texts(field, node.path(field));
    }

    private Map<String, String> texts(String field, JsonNode value) {
        Map<String, String> texts = new TreeMap<>();
        if (value.isMissingNode() || value.isNull()) {
            return texts;
        }
        if (!value.isObject()) {
            errors.add(field + ": must be an object");
            return texts;
        }
        for (Map.Entry<String, JsonNode> entry : value.properties()) {
            if (entry.getValue().isValueNode() && !entry.getValue().isNull()) {
                texts.put(entry.getKey(), entry.getValue().asText());
            } else {
                errors.add(field + ": every value must be a string or a number");
            }
        }
        return texts;
    }

    /** As {@link #texts}, where null takes a value back. */
    Map<String, Optional<String>> changes(String field) {
        Map<String, Optional<String>> changes = new TreeMap<>();
        if (node.path(field) instanceof ObjectNode object) {
            ObjectNode given = object.deepCopy();
            object.properties().forEach(entry -> {
                if (entry.getValue().isNull()) {
                    changes.put(entry.getKey(), Optional.empty());
                    given.remove(entry.getKey());
                }
            });
            texts(field, given).forEach((name, text) -> changes.put(name, Optional.of(text)));
            return changes;
        }
        texts(field);
        return changes;
    }

    void missing(String field) {
        errors.add(field + ": missing");
    }

    /** @throws TrunklineException {@code INVALID_REQUEST} with everything that did not fit */
    void check() {
        if (!errors.isEmpty()) {
            throw new TrunklineException(ErrorCode.INVALID_REQUEST, "The body does not fit.", errors);
        }
    }
}
