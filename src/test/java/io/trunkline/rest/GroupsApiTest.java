package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.Group;
import io.trunkline.testing.ServiceTestCase;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What operators see of groups and can do to them. */
@QuarkusTest
class GroupsApiTest extends ServiceTestCase {
    private String topic;

    @BeforeEach
    void topic() {
        topic = api.newTopic(2);
        api.writeNumbers(topic, 0, 0, 10);
        api.writeNumbers(topic, 1, 0, 5);
    }

    // Seen

    @Test
    void groupsAreListedWithTheirStateAndMembers() {
        Consumer first = group.manualConsumer().subscribe(topic);
        Consumer second = group.manualConsumer().subscribe(topic);

        Api.Answer answer = api.get("/groups");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).startsWith(Api.CONTROL);
        assertThat(listed().toString())
                .isEqualTo("{\"group_id\":\"" + group.id() + "\",\"state\":\"Stable\",\"members\":2}");
        first.commit(topic, first.partitionsOf(topic).getFirst(), 1);
        first.delete();
        assertThat(listed().path("members").asInt()).isEqualTo(1);
        second.delete();
        assertThat(listed().path("members").asInt()).isZero();
        assertThat(listed().path("state").asText()).isEqualTo("Empty");
    }

    @Test
    void descriptionHasMembersOffsetsAndExactLag() {
        Consumer consumer = group.manualConsumer().subscribe(topic);
        consumer.post("/offsets", Consumer.offsets(Consumer.offset(topic, 0, 4), Consumer.offset(topic, 1, 5)));
        String generation = consumer.pollAnswer("timeout=0").header("Trunkline-Generation");

        Api.Answer answer = api.get(group.path());

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).startsWith(Api.CONTROL);
        JsonNode description = answer.json();
        assertThat(description.path("group_id").asText()).isEqualTo(group.id());
        assertThat(description.path("state").asText()).isEqualTo("Stable");
        assertThat(description.path("generation").asText()).isEqualTo(generation);
        assertThat(description.path("members")).hasSize(1);
        JsonNode member = description.path("members").path(0);
        assertThat(member.path("member_id").asText()).isEqualTo(consumer.name());
        assertThat(member.path("topics").toString()).isEqualTo("[\"" + topic + "\"]");
        assertThat(member.has("topic_pattern")).isFalse();
        assertThat(member.path("partitions").toString()).isEqualTo("[{\"" + topic + "\":[0,1]}]");
        assertThat(description.path("offsets")).hasSize(2);
        assertOffsets(description, 0, 4, 10, 6, consumer.name());
        assertOffsets(description, 1, 5, 5, 0, consumer.name());
        assertThat(description.path("lag").asLong()).isEqualTo(6);
    }

    @Test
    void lagGrowsWithWhatIsWrittenAndShrinksWithWhatIsCommitted() {
        Consumer consumer = group.manualConsumer().subscribe(topic);
        consumer.post("/offsets", Consumer.offsets(Consumer.offset(topic, 0, 10), Consumer.offset(topic, 1, 5)));

        api.writeNumbers(topic, 1, 5, 8);

        assertThat(group.describe().path("lag").asLong()).isEqualTo(3);
        assertOffsets(group.describe(), 1, 5, 8, 3, consumer.name());
        consumer.commit(topic, 1, 7);
        assertThat(group.describe().path("lag").asLong()).isEqualTo(1);
    }

    @Test
    void partitionOfAMemberWithoutACommitHasNoCommittedOffset() {
        Consumer consumer = group.manualConsumer().subscribe(topic);

        JsonNode partition = group.partition(topic, 0);

        assertThat(partition.has("committed_offset")).isTrue();
        assertThat(partition.path("committed_offset").isNull()).isTrue();
        assertThat(partition.path("log_start_offset").asLong()).isZero();
        assertThat(partition.path("end_offset").asLong()).isEqualTo(10);
        assertThat(partition.path("member_id").asText()).isEqualTo(consumer.name());
    }

    @Test
    void membersAreShownWithTheSharesThatTheySee() {
        Consumer first = group.manualConsumer().subscribe(topic);
        Consumer second = group.manualConsumer().subscribePattern(topic);

        JsonNode description = group.describe();

        assertThat(description.path("members")).hasSize(2);
        for (Consumer consumer : List.of(first, second)) {
            int share = consumer.partitionsOf(topic).getFirst();
            JsonNode member = member(description, consumer);
            assertThat(member.path("partitions").toString()).isEqualTo("[{\"" + topic + "\":[" + share + "]}]");
            assertThat(Group.partitionIn(description, topic, share)
                            .path("member_id")
                            .asText())
                    .isEqualTo(consumer.name());
        }
        assertThat(member(description, second).path("topic_pattern").asText()).isEqualTo(topic);
    }

    @Test
    void emptyGroupKeepsItsOffsetsAndItsLagGrows() {
        commitAndLeave(4, 5);
        api.writeNumbers(topic, 0, 10, 11);

        JsonNode description = group.describe();

        assertThat(description.path("state").asText()).isEqualTo("Empty");
        assertThat(description.path("members")).isEmpty();
        assertOffsets(description, 0, 4, 11, 7, null);
        assertOffsets(description, 1, 5, 5, 0, null);
        assertThat(description.path("lag").asLong()).isEqualTo(7);
    }

    @Test
    void unknownGroupIsNotFound() {
        assertFailure(api.get(group.path()), 404, "GROUP_NOT_FOUND");
        assertFailure(api.delete(group.path()), 404, "GROUP_NOT_FOUND");
        assertFailure(reset("{\"to\":\"earliest\"}"), 404, "GROUP_NOT_FOUND");
        assertFailure(reset("{\"to\":\"latest\"}"), 404, "GROUP_NOT_FOUND");
        assertFailure(reset("{\"timestamp\":0}"), 404, "GROUP_NOT_FOUND");
        assertFailure(api.get(group.path()), 404, "GROUP_NOT_FOUND");
    }

    // Deleted

    @Test
    void deletedGroupIsGoneWithItsOffsets() {
        commitAndLeave(4, 5);

        Api.Answer deleted = api.delete(group.path());

        assertThat(deleted.status()).as(deleted.body()).isEqualTo(204);
        assertThat(deleted.body()).isEmpty();
        assertFailure(api.get(group.path()), 404, "GROUP_NOT_FOUND");
        assertFailure(api.delete(group.path()), 404, "GROUP_NOT_FOUND");
        assertThat(api.get("/groups").body()).doesNotContain(group.id());
        assertThat(Consumer.offsetsByPartition(
                                group.manualConsumer().subscribe(topic).pollUntil(15))
                        .values())
                .allSatisfy(offsets -> assertThat(offsets.getFirst()).isZero());
    }

    @Test
    void groupWithMembersIsNeitherDeletedNorReset() {
        Consumer consumer = group.manualConsumer().subscribe(topic);
        consumer.commit(topic, 0, 4);

        assertFailure(api.delete(group.path()), 409, "GROUP_NOT_EMPTY");
        assertFailure(reset("{\"to\":\"earliest\"}"), 409, "GROUP_NOT_EMPTY");
        assertFailure(reset("{\"to\":\"latest\"}"), 409, "GROUP_NOT_EMPTY");
        assertFailure(reset("{\"timestamp\":0}"), 409, "GROUP_NOT_EMPTY");
        assertFailure(reset(Consumer.offsets(Consumer.offset(topic, 0, 1))), 409, "GROUP_NOT_EMPTY");
        assertThat(group.committed(topic, 0)).hasValue(4);
        assertThat(consumer.partitionsOf(topic)).containsExactly(0, 1);
    }

    // Reset

    @ParameterizedTest
    @CsvSource({"earliest,0,0,15", "latest,10,5,0"})
    void resetMovesEveryPartitionToItsStartOrItsEndAndAnswersWithTheDescription(
            String to, long first, long second, long lag) {
        commitAndLeave(4, 2);

        Api.Answer answer = reset("{\"to\":\"" + to + "\"}");

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).startsWith(Api.CONTROL);
        assertOffsets(answer.json(), 0, first, 10, 10 - first, null);
        assertOffsets(answer.json(), 1, second, 5, 5 - second, null);
        assertThat(answer.json().path("lag").asLong()).isEqualTo(lag);
        assertThat(answer.json()).isEqualTo(group.describe());
    }

    @Test
    void resetToATimeIsTheFirstRecordThatIsNotOlder() {
        String timed = api.newTopic(2);
        api.write(timed, 0, Api.JSON, List.of(at(100), at(200), at(300)));
        api.write(timed, 1, Api.JSON, List.of(at(100), at(150)));

        Api.Answer between = reset("{\"timestamp\":200,\"topics\":[\"" + timed + "\"]}");
        long first = group.committed(timed, 0).orElse(-1);
        long second = group.committed(timed, 1).orElse(-1);
        Api.Answer before = reset("{\"timestamp\":0}");

        assertThat(between.status()).as(between.body()).isEqualTo(200);
        assertThat(first).isEqualTo(1);
        assertThat(second).isEqualTo(2);
        assertThat(before.status()).isEqualTo(200);
        assertThat(group.committed(timed, 0)).hasValue(0);
        assertThat(group.committed(timed, 1)).hasValue(0);
    }

    @Test
    void resetToOffsetsStoresThemAsGivenAndLeavesTheOthers() {
        commitAndLeave(4, 2);

        Api.Answer answer = reset(Consumer.offsets(Consumer.offset(topic, 0, 7)));

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(group.committed(topic, 0)).hasValue(7);
        assertThat(group.committed(topic, 1)).hasValue(2);
        Consumer successor = group.manualConsumer().subscribe(topic);
        assertThat(Consumer.places(successor.pollUntil(6)))
                .containsExactlyInAnyOrder(
                        topic + "/0@7", topic + "/0@8", topic + "/0@9", topic + "/1@2", topic + "/1@3", topic + "/1@4");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"to\":\"earliest\"", "\"timestamp\":0"})
    void resetOfNamedTopicsLeavesTheOthers(String to) {
        String other = api.newTopic(1);
        api.writeNumbers(other, 0, 0, 3);
        Consumer consumer = group.manualConsumer().subscribe(topic, other);
        consumer.post("/offsets", Consumer.offsets(Consumer.offset(topic, 0, 4), Consumer.offset(other, 0, 3)));
        consumer.delete();

        Api.Answer answer = reset("{" + to + ",\"topics\":[\"" + other + "\"]}");

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(group.committed(other, 0)).hasValue(0);
        assertThat(group.committed(topic, 0)).hasValue(4);
    }

    @Test
    void resetMakesAGroupWhoseConsumersAreStillToComeWhereItSaysOfWhat() {
        Group byOffset = new Group(api);

        Api.Answer byTopic = reset("{\"to\":\"latest\",\"topics\":[\"" + topic + "\"]}");
        Api.Answer offset =
                api.put(byOffset.path() + "/offsets", Api.CONTROL, Consumer.offsets(Consumer.offset(topic, 1, 3)));

        assertThat(byTopic.status()).as(byTopic.body()).isEqualTo(200);
        assertThat(group.committed(topic, 0)).hasValue(10);
        assertThat(group.committed(topic, 1)).hasValue(5);
        assertThat(offset.status()).as(offset.body()).isEqualTo(200);
        assertThat(offset.json().path("state").asText()).isEqualTo("Empty");
        assertThat(Consumer.places(byOffset.manualConsumer().assign(topic, 1).pollUntil(2)))
                .containsExactly(topic + "/1@3", topic + "/1@4");
    }

    @Test
    void resetOfWhatIsNotThereChangesNothing() {
        commitAndLeave(4, 2);
        String unknown = "unknown-" + UUID.randomUUID();

        assertFailure(
                reset("{\"to\":\"latest\",\"topics\":[\"" + topic + "\",\"" + unknown + "\"]}"),
                404,
                "TOPIC_NOT_FOUND");
        assertFailure(
                reset(Consumer.offsets(Consumer.offset(topic, 0, 7), Consumer.offset(unknown, 0, 7))),
                404,
                "TOPIC_NOT_FOUND");
        assertFailure(
                reset(Consumer.offsets(Consumer.offset(topic, 0, 7), Consumer.offset(topic, 2, 7))),
                404,
                "PARTITION_NOT_FOUND");
        assertThat(group.committed(topic, 0)).hasValue(4);
        assertThat(group.committed(topic, 1)).hasValue(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{\"to\":7}",
                "{\"to\":\"latest\",\"color\":1}",
                "{\"to\":\"latest\",\"topics\":\"TOPIC\"}",
                "{\"to\":\"latest\",\"topics\":[7]}",
                "{\"timestamp\":\"now\"}",
                "{\"timestamp\":1.5}",
                "{\"offsets\":{}}",
                "{\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0}]}",
                "{\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0,\"offset\":-1}]}",
                "{\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0,\"offset\":\"7\"}]}"
            })
    void resetOfAnotherShapeIsABadRequestThatChangesNothing(String body) {
        commitAndLeave(4, 2);

        assertFailure(reset(body.replace("TOPIC", topic)), 400, "INVALID_REQUEST");
        assertThat(group.committed(topic, 0)).hasValue(4);
        assertThat(group.committed(topic, 1)).hasValue(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"topics\":[\"TOPIC\"]}",
                "{\"to\":\"middle\"}",
                "{\"timestamp\":-1}",
                "{\"to\":\"latest\",\"timestamp\":5}",
                "{\"to\":\"latest\",\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0,\"offset\":7}]}",
                "{\"timestamp\":5,\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0,\"offset\":7}]}"
            })
    void resetThatDoesNotSayWhereToIsRefusedAndChangesNothing(String body) {
        commitAndLeave(4, 2);

        Api.Answer answer = reset(body.replace("TOPIC", topic));

        assertThat(answer.status()).as(answer.body()).isIn(400, 422);
        assertFailure(answer, answer.status());
        assertThat(group.committed(topic, 0)).hasValue(4);
        assertThat(group.committed(topic, 1)).hasValue(2);
    }

    @Test
    void resetTakesJsonAndNothingElse() {
        commitAndLeave(4, 2);

        assertFailure(reset("{"), 400, "INVALID_JSON");
        assertFailure(reset(""), 400, "INVALID_REQUEST");
        assertFailure(api.put(group.path() + "/offsets", "text/csv", "to,latest"), 415, "UNSUPPORTED_MEDIA_TYPE");
        assertThat(api.put(group.path() + "/offsets", "application/json", "{\"to\":\"latest\"}")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void otherMethodsFailInTheSameShape() {
        assertFailure(api.post("/groups", Api.CONTROL, "{}"), 405, "METHOD_NOT_ALLOWED");
        assertFailure(api.put(group.path(), Api.CONTROL, "{}"), 405, "METHOD_NOT_ALLOWED");
        assertFailure(api.get(group.path() + "/offsets"), 405, "METHOD_NOT_ALLOWED");
        assertFailure(api.get(group.path() + "/members"), 404, "PATH_NOT_FOUND");
    }

    private Api.Answer reset(String body) {
        return api.put(group.path() + "/offsets", Api.CONTROL, body);
    }

    private void commitAndLeave(long first, long second) {
        Consumer consumer = group.manualConsumer().subscribe(topic);
        Api.Answer answer = consumer.post(
                "/offsets", Consumer.offsets(Consumer.offset(topic, 0, first), Consumer.offset(topic, 1, second)));
        assertThat(answer.status()).as(answer.body()).isEqualTo(204);
        consumer.delete();
    }

    private JsonNode listed() {
        List<JsonNode> found = new ArrayList<>();
        for (JsonNode entry : api.get("/groups").json()) {
            if (entry.path("group_id").asText().equals(group.id())) {
                found.add(entry);
            }
        }
        assertThat(found).hasSize(1);
        return found.getFirst();
    }

    private static JsonNode member(JsonNode description, Consumer consumer) {
        return StreamSupport.stream(description.path("members").spliterator(), false)
                .filter(m -> m.path("member_id").asText().equals(consumer.name()))
                .findAny()
                .orElseThrow();
    }

    private void assertOffsets(
            JsonNode description, int partition, long committed, long end, long lag, @Nullable String member) {
        JsonNode entry = Group.partitionIn(description, topic, partition);
        assertThat(entry.path("committed_offset").asLong(-1)).isEqualTo(committed);
        assertThat(entry.path("log_start_offset").asLong(-1)).isZero();
        assertThat(entry.path("end_offset").asLong(-1)).isEqualTo(end);
        assertThat(entry.path("lag").asLong(-1)).isEqualTo(lag);
        assertThat(entry.has("member_id")).isTrue();
        assertThat(entry.path("member_id").textValue()).isEqualTo(member);
    }

    private static String at(long timestamp) {
        return "{\"value\":0,\"timestamp\":" + timestamp + "}";
    }
}
