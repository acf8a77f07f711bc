package io.trunkline.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.trunkline.testing.Api;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;

/** A consumer group whose members are subscribed to one topic, and read it from its start with auto-commit. */
record Group(Api api, Bearer bearer, String name, int members) {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Makes a group of a new name, and waits until each member has as many partitions as the others. */
    static Group join(Api api, String topic, int partitions, int members, Format format) {
        return join(api, Bearer.NOBODY, topic, partitions, members, format);
    }

    /** The same for the holder of a token, to whom the members belong. */
    static Group join(Api service, Bearer bearer, String topic, int partitions, int members, Format format) {
        Api api = bearer.with(service);
        Group group = new Group(api, bearer, "g-" + UUID.randomUUID(), members);
        for (int member = 0; member < members; member++) {
            expect(200, api.post("/consumers/" + group.name, Api.CONTROL, """
                            {"name": "%s", "format": "%s", "auto.offset.reset": "earliest", "enable.auto.commit": true}
                            """.formatted(
                            memberName(member), format.option())));
            expect(
                    204,
                    api.post(group.path(member) + "/subscription", Api.CONTROL, "{\"topics\":[\"" + topic + "\"]}"));
        }
        group.awaitSpread(partitions / members);
        return group;
    }

    private static String memberName(int member) {
        return "c-" + member;
    }

    /** Where the instance of a member is. */
    String path(int member) {
        return "/consumers/" + name + "/instances/" + memberName(member);
    }

    List<String> paths() {
        return IntStream.range(0, members).mapToObj(this::path).toList();
    }

    private void awaitSpread(int partitionsEach) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!isSpread(partitionsEach)) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("after " + PATIENCE + " not every member has " + partitionsEach
                        + " partitions: " + description().path("members"));
            }
            Window.await(System.nanoTime() + 50_000_000, () -> {});
        }
    }

    private boolean isSpread(int partitionsEach) {
        JsonNode list = description().path("members");
        for (JsonNode member : list) {
            int partitions = 0;
            for (JsonNode topic : member.path("partitions")) {
                for (JsonNode ofTopic : topic) {
                    partitions += ofTopic.size();
                }
            }
            if (partitions != partitionsEach) {
                return false;
            }
        }
        return list.size() == members;
    }

    /** What the group has committed of each partition; one of which it has committed nothing is absent. */
    Map<Integer, Long> committed() {
        Map<Integer, Long> committed = new HashMap<>();
        for (JsonNode offset : description().path("offsets")) {
            if (offset.path("committed_offset").isNumber()) {
                committed.put(
                        offset.path("partition").asInt(),
                        offset.path("committed_offset").asLong());
            }
        }
        return committed;
    }

    private JsonNode description() {
        return expect(200, api.get("/groups/" + name)).json();
    }

    /** Deletes the members. */
    void leave() {
        paths().forEach(path -> expect(204, api.delete(path)));
    }

    /** Deletes the group, which must have no members any more. */
    void delete() {
        expect(204, api.delete("/groups/" + name));
    }

    private static Api.Answer expect(int status, Api.Answer answer) {
        if (answer.status() != status) {
            throw new IllegalStateException("a call of a consumer group answered " + answer.status() + " instead of "
                    + status + " " + answer.body());
        }
        return answer;
    }
}
