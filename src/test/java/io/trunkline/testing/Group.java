package io.trunkline.testing;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import org.awaitility.Awaitility;

/** A consumer group, as a client of the API sees it. */
public final class Group {
    /** Long enough for the service to note what it has sent, where nothing tells that it has. */
    private static final Duration A_MOMENT = Duration.ofMillis(400);

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Api api;
    private final String id = "g-" + UUID.randomUUID();

    /** A group of a new name, which exists when its first consumer does. */
    public Group(Api api) {
        this.api = api;
    }

    public String id() {
        return id;
    }

    public String path() {
        return "/groups/" + id;
    }

    /** A new consumer in the JSON format that begins with the first record. */
    public Consumer consumer() {
        return consumer("{\"format\":\"json\",\"auto.offset.reset\":\"earliest\"}");
    }

    /** The same that commits only when it is told to. */
    public Consumer manualConsumer() {
        return consumer("{\"format\":\"json\",\"auto.offset.reset\":\"earliest\",\"enable.auto.commit\":false}");
    }

    /** A new consumer with these options. */
    public Consumer consumer(String options) {
        return new Consumer(api, api.newConsumer(id, options));
    }

    public JsonNode describe() {
        Api.Answer answer = api.get(path());
        if (answer.status() != 200) {
            throw new AssertionError(answer.status() + " " + answer.body());
        }
        return answer.json();
    }

    /** What the group knows of a partition; a missing node when it knows nothing. */
    public JsonNode partition(String topic, int partition) {
        return partitionIn(describe(), topic, partition);
    }

    /** What a description of a group says of a partition; a missing node when it says nothing. */
    public static JsonNode partitionIn(JsonNode description, String topic, int partition) {
        for (JsonNode entry : description.path("offsets")) {
            if (entry.path("topic").asText().equals(topic)
                    && entry.path("partition").asInt() == partition) {
                return entry;
            }
        }
        return description.path("no such partition");
    }

    /** The next offset to read of a partition, where one is committed. */
    public OptionalLong committed(String topic, int partition) {
        JsonNode offset = partition(topic, partition).path("committed_offset");
        return offset.isIntegralNumber() ? OptionalLong.of(offset.longValue()) : OptionalLong.empty();
    }

    /**
     * Sees that the committed offset stays what it is for a moment: nothing commits the records of a poll but what comes
     * after it. Meanwhile the service, which cannot know before the last byte is sent, notes that they are delivered.
     */
    public void nothingMoreIsCommitted(String topic, int partition) {
        OptionalLong before = committed(topic, partition);
        Awaitility.await().during(A_MOMENT).atMost(PATIENCE).until(() -> committed(topic, partition), before::equals);
    }

    /** The names of the members. */
    public List<String> members() {
        List<String> names = new ArrayList<>();
        describe().path("members").forEach(m -> names.add(m.path("member_id").asText()));
        return names;
    }
}
