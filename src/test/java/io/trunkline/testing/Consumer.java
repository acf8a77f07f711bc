package io.trunkline.testing;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** A consumer instance, as a client of the API holds it. Where a method answers nothing, a refusal fails the test. */
public final class Consumer {
    private static final String PATIENT = "timeout=15000";

    private final Api api;
    private final String path;

    public Consumer(Api api, String path) {
        this.api = api;
        this.path = path;
    }

    /** The path of the instance. */
    public String path() {
        return path;
    }

    /** The name of the instance, where nothing in it needs escaping. */
    public String name() {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** Posts to an operation of the instance, such as {@code /subscription}. */
    public Api.Answer post(String operation, String body) {
        return api.post(path + operation, Api.CONTROL, body);
    }

    public Consumer subscribe(String... topics) {
        done(post("/subscription", topics(topics)));
        return this;
    }

    public Consumer subscribePattern(String pattern) {
        done(post("/subscription", pattern(pattern)));
        return this;
    }

    public Consumer assign(String topic, int... partitions) {
        done(post("/assignments", partitions(topic, partitions)));
        return this;
    }

    public void unsubscribe() {
        done(api.delete(path + "/subscription"));
    }

    /** The records of a poll that waits for them long. */
    public List<JsonNode> poll() {
        return poll(PATIENT);
    }

    /** The records of a poll with these parameters. */
    public List<JsonNode> poll(String query) {
        return records(pollAnswer(query));
    }

    public Api.Answer pollAnswer(String query) {
        return api.get(path + "/records?" + query);
    }

    public Api.Answer pollAnswer(String query, String accept) {
        return api.get(path + "/records?" + query, accept);
    }

    public CompletableFuture<Api.Answer> pollLater(String query) {
        return api.getLater(path + "/records?" + query);
    }

    /** Polls until so many records have come, or no more come for long. */
    public List<JsonNode> pollUntil(int count) {
        return pollUntil(count, PATIENT);
    }

    /** Polls with these parameters until so many records have come, or a poll gives none. */
    public List<JsonNode> pollUntil(int count, String query) {
        List<JsonNode> records = new ArrayList<>();
        while (records.size() < count) {
            List<JsonNode> page = poll(query);
            if (page.isEmpty()) {
                return records;
            }
            records.addAll(page);
        }
        return records;
    }

    /** Commits what has been delivered. */
    public void commit() {
        done(api.send(api.request(path + "/offsets").POST(HttpRequest.BodyPublishers.noBody())));
    }

    public Api.Answer commit(String topic, int partition, long offset) {
        return post("/offsets", offsets(offset(topic, partition, offset)));
    }

    public void delete() {
        done(api.delete(path));
    }

    /** The body of {@code GET .../subscription}. */
    public JsonNode subscription() {
        Api.Answer answer = api.get(path + "/subscription");
        if (answer.status() != 200) {
            throw new AssertionError(answer.status() + " " + answer.body());
        }
        return answer.json();
    }

    /** The partitions of a topic that are the instance's now. */
    public List<Integer> partitionsOf(String topic) {
        List<Integer> partitions = new ArrayList<>();
        for (JsonNode entry : subscription().path("partitions")) {
            entry.path(topic).forEach(p -> partitions.add(p.asInt()));
        }
        return partitions;
    }

    /** The records of an answer, which must be a good one. */
    public static List<JsonNode> records(Api.Answer answer) {
        if (answer.status() != 200) {
            throw new AssertionError(answer.status() + " " + answer.body());
        }
        List<JsonNode> records = new ArrayList<>();
        answer.json().forEach(records::add);
        return records;
    }

    /** Where records come from, such as {@code topic/0@17}. */
    public static List<String> places(List<JsonNode> records) {
        return records.stream()
                .map(r -> r.path("topic").asText() + "/" + r.path("partition").asInt() + "@"
                        + r.path("offset").asLong())
                .toList();
    }

    public static List<Long> offsets(List<JsonNode> records) {
        return records.stream().map(r -> r.path("offset").asLong()).toList();
    }

    /** The offsets of records by their partitions, in the order in which they came. */
    public static Map<Integer, List<Long>> offsetsByPartition(List<JsonNode> records) {
        return records.stream()
                .collect(Collectors.groupingBy(
                        r -> r.path("partition").asInt(),
                        Collectors.mapping(r -> r.path("offset").asLong(), Collectors.toList())));
    }

    /** A body that subscribes to topics. */
    public static String topics(String... topics) {
        return "{\"topics\":[" + Arrays.stream(topics).map(t -> "\"" + t + "\"").collect(Collectors.joining(","))
                + "]}";
    }

    /** A body that subscribes to a pattern without backslashes and quotation marks. */
    public static String pattern(String pattern) {
        return "{\"topic_pattern\":\"" + pattern + "\"}";
    }

    /** A body that names partitions of a topic. */
    public static String partitions(String topic, int... partitions) {
        return "{\"partitions\":["
                + Arrays.stream(partitions)
                        .mapToObj(p -> "{\"topic\":\"" + topic + "\",\"partition\":" + p + "}")
                        .collect(Collectors.joining(","))
                + "]}";
    }

    /** A body of offsets. */
    public static String offsets(String... offsets) {
        return "{\"offsets\":[" + String.join(",", offsets) + "]}";
    }

    /** An offset in a body of them. */
    public static String offset(String topic, int partition, long offset) {
        return "{\"topic\":\"" + topic + "\",\"partition\":" + partition + ",\"offset\":" + offset + "}";
    }

    private static void done(Api.Answer answer) {
        if (answer.status() != 204 || answer.response().body().length != 0) {
            throw new AssertionError(
                    answer.status() + " " + new String(answer.response().body(), StandardCharsets.UTF_8));
        }
    }
}
