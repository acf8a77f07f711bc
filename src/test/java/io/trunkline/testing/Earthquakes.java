package io.trunkline.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A week of the earthquake feed of the United States Geological Survey: real events, in the public domain. */
public final class Earthquakes {
    private static final int A_REQUEST = 400;
    private static final JsonMapper MAPPER = new JsonMapper();

    private Earthquakes() {}

    /**
     * An event.
     *
     * @param document its JSON as it stands in the feed
     * @param network the network that reported it, by which events are keyed
     * @param time when it was, in milliseconds since 1970
     */
    public record Event(String document, String network, long time) {}

    /** All events in time order. */
    public static List<Event> all() {
        try (InputStream in = Earthquakes.class.getResourceAsStream("/earthquakes.ndjson")) {
            List<Event> events = new ArrayList<>();
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
                JsonNode properties = MAPPER.readTree(line).path("properties");
                events.add(new Event(
                        line,
                        properties.path("net").asText(),
                        properties.path("time").asLong()));
            }
            return events;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The events as bodies of produce requests. */
    public static List<String> requests() {
        List<String> requests = new ArrayList<>();
        List<Event> events = all();
        for (int from = 0; from < events.size(); from += A_REQUEST) {
            List<String> records = new ArrayList<>();
            for (Event event : events.subList(from, Math.min(events.size(), from + A_REQUEST))) {
                records.add("{\"key\":\"" + event.network() + "\",\"timestamp\":" + event.time() + ",\"value\":"
                        + event.document() + "}");
            }
            requests.add("{\"records\":[" + String.join(",", records) + "]}");
        }
        return requests;
    }
}
