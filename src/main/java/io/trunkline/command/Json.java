package io.trunkline.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** Lists for other programs. */
final class Json {
    private static final JsonMapper MAPPER = new JsonMapper();

    private Json() {}

    static ArrayNode array() {
        return MAPPER.createArrayNode();
    }

    static String text(ArrayNode list) {
        try {
            return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(list);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A time in UTC, to the second. */
    static @Nullable String time(@Nullable OffsetDateTime time) {
        return time == null
                ? null
                : DateTimeFormatter.ISO_INSTANT.format(time.withNano(0).withOffsetSameInstant(ZoneOffset.UTC));
    }
}
