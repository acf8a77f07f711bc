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
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Resets by some records, of some partitions, and those that only try. */
@QuarkusTest
class GroupResetApiTest extends ServiceTestCase {
    private String topic;

    @BeforeEach
    void topic() {
        topic = api.newTopic(2);
        api.writeNumbers(topic, 0, 0, 10);
        api.writeNumbers(topic, 1, 0, 5);
    }

    @ParameterizedTest
    @CsvSource({
        "-3,1,2", // the second one ends at the log start
        "2,6,5",
        "0,4,4",
        "-9223372036854775808,0,2",
        "9223372036854775807,10,5"
    })
    void shiftMovesByRecordsAndNotOutOfTheLog(long shift, long first, long second) {
        assertThat(api.delete("/topics/" + topic + "/partitions/1/records?before=2")
                        .status())
                .isEqualTo(200);
        commit(4, 4);

        Api.Answer answer = reset("{\"shift\":" + shift + "}");

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(group.committed(topic, 0)).hasValue(first);
        assertThat(group.committed(topic, 1)).hasValue(second);
    }

    @Test
    void shiftWithoutAnOffsetNamesThePartitionAndChangesNothing() {
        assertThat(reset(Consumer.offsets(Consumer.offset(topic, 0, 4))).status())
                .isEqualTo(200);

        Api.Answer answer = reset("{\"shift\":-1,\"topics\":[\"" + topic + "\"]}");

        assertFailure(answer, 409, "NO_OFFSET");
        assertThat(answer.json().path("message").asText()).contains("partition 1 of topic " + topic);
        assertThat(group.committed(topic, 0)).hasValue(4);
        assertThat(group.committed(topic, 1)).isEmpty();
        assertThat(reset("{\"shift\":-1}").status()).isEqualTo(200);
        assertThat(group.committed(topic, 0)).hasValue(3);
    }

    @Test
    void shiftBeginsWhereTheGroupBeganInAPartitionOfWhichItHasCommittedNothing() {
        Consumer consumer = group.manualConsumer().subscribe(topic);
        consumer.delete();
        assertThat(group.committed(topic, 0)).isEmpty();

        Api.Answer answer = reset("{\"shift\":3}");

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(group.committed(topic, 0)).hasValue(3);
        assertThat(group.committed(topic, 1)).hasValue(3);
    }

    @Test
    void shiftMakesNoGroup() {
        assertFailure(reset("{\"shift\":1,\"topics\":[\"" + topic + "\"]}"), 404, "GROUP_NOT_FOUND");
        assertFailure(reset("{\"shift\":1}"), 404, "GROUP_NOT_FOUND");
        assertFailure(api.get(group.path()), 404, "GROUP_NOT_FOUND");
    }

    /** No shift is lost: the offset that it begins from is read under the lock of the group. */
    @Test
    void shiftsAtOnceAddUp() {
        commit(0, 0);

        List<CompletableFuture<Integer>> shifts = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            shifts.add(
                    CompletableFuture.supplyAsync(() -> reset("{\"shift\":1}").status()));
        }

        assertThat(shifts).allSatisfy(shift -> assertThat(shift.join()).isEqualTo(200));
        assertThat(group.committed(topic, 0)).hasValue(8);
        assertThat(group.committed(topic, 1)).hasValue(5);
    }

    @ParameterizedTest
    @CsvSource({"'\"to\":\"earliest\"',0", "'\"to\":\"latest\"',5", "'\"timestamp\":0',0", "'\"shift\":-1',1"})
    void resetOfPartitionsLeavesTheOthers(String to, long second) {
        commit(4, 2);

        Api.Answer answer = reset("{" + to + "," + partition(1) + "}");

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(group.committed(topic, 0)).hasValue(4);
        assertThat(group.committed(topic, 1)).hasValue(second);
    }

    @Test
    void resetOfPartitionsMakesAGroup() {
        assertThat(reset("{\"to\":\"latest\"," + partition(0) + "}").status()).isEqualTo(200);

        assertThat(group.committed(topic, 0)).hasValue(10);
        assertThat(group.committed(topic, 1)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"to\":\"latest\",\"partitions\":[]}",
                "{\"to\":\"latest\",\"partitions\":[{\"topic\":\"TOPIC\"}]}",
                "{\"to\":\"latest\",\"partitions\":[{\"topic\":\"TOPIC\",\"partition\":0}],\"topics\":[\"TOPIC\"]}",
                "{\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0,\"offset\":7}],"
                        + "\"partitions\":[{\"topic\":\"TOPIC\",\"partition\":0}]}",
                "{\"shift\":1.5}",
                "{\"shift\":\"1\"}",
                "{\"shift\":9223372036854775808}",
                "{\"shift\":1,\"to\":\"latest\"}",
                "{\"shift\":1,\"dry_run\":1}",
                "{\"dry_run\":true}"
            })
    void resetOfAnotherShapeIsABadRequestThatChangesNothing(String body) {
        commit(4, 2);

        assertFailure(reset(body.replace("TOPIC", topic)), 400, "INVALID_REQUEST");
        assertThat(group.committed(topic, 0)).hasValue(4);
        assertThat(group.committed(topic, 1)).hasValue(2);
    }

    @Test
    void partitionThatIsNotThereIsNotFound() {
        commit(4, 2);
        String other = "unknown-" + UUID.randomUUID();

        assertFailure(reset("{\"to\":\"latest\"," + partition(2) + "}"), 404, "PARTITION_NOT_FOUND");
        assertFailure(
                reset("{\"to\":\"latest\",\"partitions\":[{\"topic\":\"" + other + "\",\"partition\":0}]}"),
                404,
                "TOPIC_NOT_FOUND");
        assertThat(group.committed(topic, 0)).hasValue(4);
    }

    // Tried

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"to\":\"earliest\"",
                "\"to\":\"latest\",\"topics\":[\"TOPIC\"]",
                "\"timestamp\":0",
                "\"shift\":-3",
                "\"shift\":2,\"partitions\":[{\"topic\":\"TOPIC\",\"partition\":1}]",
                "\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0,\"offset\":77}]"
            })
    void dryRunTellsWhatTheResetDoesAndChangesNothing(String reset) {
        commit(4, 2);
        String body = reset.replace("TOPIC", topic);

        Api.Answer tried = reset("{" + body + ",\"dry_run\":true}");
        long first = group.committed(topic, 0).orElseThrow();
        long second = group.committed(topic, 1).orElseThrow();
        Api.Answer done = reset("{" + body + ",\"dry_run\":false}");

        assertThat(tried.status()).as(tried.body()).isEqualTo(200);
        assertThat(tried.header("Content-Type")).startsWith(Api.CONTROL);
        assertThat(tried.json().path("dry_run").asBoolean()).isTrue();
        assertThat(first).isEqualTo(4);
        assertThat(second).isEqualTo(2);
        assertThat(done.status()).as(done.body()).isEqualTo(200);
        assertThat(tried.json().path("offsets")).isNotEmpty();
        for (JsonNode offset : tried.json().path("offsets")) {
            int partition = offset.path("partition").asInt();
            JsonNode now = Group.partitionIn(done.json(), topic, partition);
            assertThat(offset.path("from").asLong()).isEqualTo(partition == 0 ? 4 : 2);
            assertThat(offset.path("to")).isEqualTo(now.path("committed_offset"));
            assertThat(offset.path("log_start_offset")).isEqualTo(now.path("log_start_offset"));
            assertThat(offset.path("end_offset")).isEqualTo(now.path("end_offset"));
        }
    }

    @Test
    void dryRunForAGroupThatDoesNotExistTellsNoOffsetAndMakesNone() {
        Api.Answer tried = reset("{\"to\":\"latest\",\"topics\":[\"" + topic + "\"],\"dry_run\":true}");

        assertThat(tried.json().path("offsets").toString())
                .isEqualTo("[{\"topic\":\"" + topic
                        + "\",\"partition\":0,\"from\":null,\"to\":10,\"log_start_offset\":0,\"end_offset\":10},"
                        + "{\"topic\":\"" + topic
                        + "\",\"partition\":1,\"from\":null,\"to\":5,\"log_start_offset\":0,\"end_offset\":5}]");
        assertFailure(api.get(group.path()), 404, "GROUP_NOT_FOUND");
    }

    @Test
    void dryRunFailsAsTheResetWould() {
        String unknown = "unknown-" + UUID.randomUUID();
        for (String body : List.of(
                "\"to\":\"latest\"",
                "\"shift\":1",
                "\"to\":\"latest\",\"topics\":[\"" + unknown + "\"]",
                "\"to\":\"latest\"," + partition(2))) {
            assertThat(reset("{" + body + ",\"dry_run\":true}").body())
                    .isEqualTo(reset("{" + body + "}").body());
        }
        assertFailure(reset("{\"to\":\"latest\",\"dry_run\":true}"), 404, "GROUP_NOT_FOUND");
        group.manualConsumer().subscribe(topic);

        assertFailure(reset("{\"to\":\"latest\",\"dry_run\":true}"), 409, "GROUP_NOT_EMPTY");
        assertFailure(
                reset("{\"to\":\"latest\",\"topics\":[\"" + topic + "\"],\"dry_run\":true}"), 409, "GROUP_NOT_EMPTY");
    }

    private String partition(int partition) {
        return "\"partitions\":[{\"topic\":\"" + topic + "\",\"partition\":" + partition + "}]";
    }

    private Api.Answer reset(String body) {
        return api.put(group.path() + "/offsets", Api.CONTROL, body);
    }

    private void commit(long first, long second) {
        Api.Answer answer =
                reset(Consumer.offsets(Consumer.offset(topic, 0, first), Consumer.offset(topic, 1, second)));
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    }
}
