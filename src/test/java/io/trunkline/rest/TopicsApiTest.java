package io.trunkline.rest;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.not;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceTestCase;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
class TopicsApiTest extends ServiceTestCase {
    @Test
    void createdTopicIsListedAndDescribed() {
        String name = "created-" + UUID.randomUUID();

        given().contentType(Api.CONTROL + ";charset=UTF-8")
                .body("{\"topic_name\":\"" + name
                        + "\",\"partitions_count\":3,\"replication_factor\":1,\"configs\":{\"retention.ms\":1000}}")
                .post("/admin/topics")
                .then()
                .statusCode(201);

        given().get("/topics").then().statusCode(200).contentType(Api.CONTROL).body("$", hasItem(name));
        given().get("/topics/" + name)
                .then()
                .statusCode(200)
                .body("name", equalTo(name))
                .body("configs.'retention.ms'", equalTo("1000"))
                .body("configs.'max.message.bytes'", equalTo("1048588"))
                .body("partitions", hasSize(3))
                .body("partitions[2].partition", equalTo(2))
                .body("partitions[2].leader", equalTo(0))
                .body("partitions[2].replicas[0].broker", equalTo(0))
                .body("partitions[2].replicas[0].leader", equalTo(true))
                .body("partitions[2].replicas[0].in_sync", equalTo(true));
        given().get("/topics/" + name + "/partitions").then().statusCode(200).body("$", hasSize(3));
        given().get("/topics/" + name + "/partitions/1").then().statusCode(200).body("partition", equalTo(1));
        given().get("/topics/" + name + "/partitions/1/offsets")
                .then()
                .statusCode(200)
                .body("beginning_offset", equalTo(0))
                .body("end_offset", equalTo(0));
    }

    @Test
    void fieldsBeyondTheContractAreShownToThoseWhoAskForThem() {
        String topic = api.newTopic(1, "{\"retention.ms\":5}");
        String path = "/topics/" + topic;
        api.writeNumbers(topic, 0, 0, 3);

        JsonNode some = api.get(path + "?include=offsets,config_sources").json();
        JsonNode all = api.get(path, "application/json").json();
        JsonNode none = api.get(path + "?include=sizes", "application/json").json();
        JsonNode partition =
                api.get(path + "/partitions/0?include=offsets,sizes").json();

        assertThat(some.at("/partitions/0/end_offset").asLong()).isEqualTo(3);
        assertThat(some.at("/config_sources/retention.ms").asText()).isEqualTo("DYNAMIC_TOPIC_CONFIG");
        assertThat(some.at("/config_sources/retention.bytes").asText()).isEqualTo("DEFAULT_CONFIG");
        assertThat(some.has("size_bytes")).isFalse();
        assertThat(all.path("size_bytes").asLong()).isPositive();
        assertThat(all.has("config_sources")).isTrue();
        assertThat(all.at("/partitions/0/log_start_offset").asLong(-1)).isZero();
        assertThat(none.at("/partitions/0").has("end_offset")).isFalse();
        assertThat(none.at("/partitions/0/size_bytes").asLong()).isPositive();
        assertThat(partition.path("end_offset").asLong()).isEqualTo(3);
        assertThat(partition.path("size_bytes").asLong()).isPositive();
        JsonNode timed = api.get(path + "/partitions/0?include=timestamps").json();
        assertThat(timed.path("oldest_timestamp").asLong()).isPositive();
        assertThat(timed.has("size_bytes")).isFalse();
        assertThat(all.at("/partitions/0/oldest_timestamp")).isEqualTo(timed.path("oldest_timestamp"));
        assertThat(partition.has("oldest_timestamp")).isFalse();
        assertThat(api.get("/topics/" + api.newTopic(1) + "?include=timestamps")
                        .json()
                        .at("/partitions/0")
                        .has("oldest_timestamp"))
                .isFalse();
        assertThat(api.get("/?include=name").json().path("name").asText()).isEqualTo("Trunkline");
        assertThat(api.get("/").json().has("name")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"size", "sizes,", "code", "SIZES"})
    void fieldThatIsNotThereCannotBeAskedFor(String include) {
        String topic = api.newTopic(1);

        assertThat(api.get("/topics/" + topic + "?include=" + include).code()).isEqualTo("INVALID_PARAMETER");
    }

    @Test
    void topicHasTheDefaultCountForMinusOneAndKeepsConfigurationWithoutEffect() {
        String name = "default-" + UUID.randomUUID();

        Api.Answer created = api.post(
                "/admin/topics",
                Api.JSON,
                "{\"topic_name\":\"" + name
                        + "\",\"partitions_count\":-1,\"configs\":{\"min.insync.replicas\":2,\"segment.bytes\":\"1048576\","
                        + "\"preallocate\":true,\"min.cleanable.dirty.ratio\":0.5}}");
        JsonNode topic = api.get("/topics/" + name + "?include=config_sources").json();

        assertThat(created.status()).isEqualTo(201);
        assertThat(created.body()).isEqualTo("{}");
        assertThat(topic.path("partitions")).hasSize(1);
        assertThat(topic.at("/configs/min.insync.replicas").asText()).isEqualTo("2");
        assertThat(topic.at("/configs/segment.bytes").asText()).isEqualTo("1048576");
        assertThat(topic.at("/configs/preallocate").asText()).isEqualTo("true");
        assertThat(topic.at("/configs/min.cleanable.dirty.ratio").asText()).isEqualTo("0.5");
        assertThat(topic.at("/config_sources/preallocate").asText()).isEqualTo("DYNAMIC_TOPIC_CONFIG");
        assertThat(topic.path("configs").has("flush.ms")).isFalse();
    }

    @Test
    void topicGetsOnePartitionWhenNoNumberIsGiven() {
        String name = "default-" + UUID.randomUUID();

        Api.Answer created = api.post("/admin/topics", "application/json", "{\"topic_name\":\"" + name + "\"}");

        assertThat(created.status()).isEqualTo(201);
        assertThat(api.get("/topics/" + name + "/partitions").json()).hasSize(1);
    }

    @Test
    void existingTopicCannotBeCreatedAgain() {
        String topic = api.newTopic(1);

        Api.Answer again = api.post("/admin/topics", Api.CONTROL, "{\"topic_name\":\"" + topic + "\"}");

        assertThat(again.status()).isEqualTo(409);
        assertThat(again.code()).isEqualTo("TOPIC_ALREADY_EXISTS");
    }

    @Test
    void oneOfManyWhoCreateATopicAtOnceDoes() {
        String body = "{\"topic_name\":\"race-" + UUID.randomUUID() + "\",\"partitions_count\":4}";

        List<CompletableFuture<Api.Answer>> calls = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            calls.add(api.postLater("/admin/topics", Api.CONTROL, body));
        }

        assertThat(calls.stream().map(CompletableFuture::join).map(Api.Answer::status))
                .containsOnly(201, 409)
                .containsOnlyOnce(201);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"topic_name\":\"a b\"}|422|INVALID_TOPIC",
                "{\"topic_name\":\"..\"}|422|INVALID_TOPIC",
                "{\"topic_name\":\"ok\",\"partitions_count\":0}|422|INVALID_PARTITIONS",
                "{\"topic_name\":\"ok\",\"partitions_count\":1001}|422|INVALID_PARTITIONS",
                "{\"topic_name\":\"ok\",\"replication_factor\":0}|422|INVALID_PARTITIONS",
                "{\"topic_name\":\"ok\",\"configs\":{\"nope\":\"1\"}}|422|INVALID_CONFIG",
                "{\"topic_name\":\"ok\",\"configs\":{\"retention.ms\":\"soon\"}}|422|INVALID_CONFIG",
                "{\"topic_name\":7}|400|INVALID_REQUEST",
                "{\"partitions_count\":1}|400|INVALID_REQUEST",
                "{\"topic_name\":\"ok\",\"partitions_count\":\"3\"}|400|INVALID_REQUEST",
                "{\"topic_name\":\"ok\",\"partitions_count\":1.5}|400|INVALID_REQUEST",
                "{\"topic_name\":\"ok\",\"partition_count\":3}|400|INVALID_REQUEST",
                "{\"topic_name\":\"ok\",\"configs\":[]}|400|INVALID_REQUEST",
                "[]|400|INVALID_REQUEST",
                "{\"topic_name\":\"ok\"|400|INVALID_JSON",
                "{\"topic_name\":\"ok\"} x|400|INVALID_JSON"
            })
    void badRequestToCreateChangesNothing(String body, int status, String code) {
        Api.Answer answer = api.post("/admin/topics", Api.CONTROL, body);

        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.code()).isEqualTo(code);
        assertThat(answer.json().path("error_code").asInt()).isEqualTo(status);
        assertThat(answer.json().path("message").asText()).isNotBlank();
        given().get("/topics").then().body("$", not(hasItem("ok")));
    }

    @Test
    void validationErrorsNameEverythingThatIsWrong() {
        // REST Assured would name a charset that nobody has.
        given().contentType(Api.CONTROL + ";charset=UTF-8")
                .body("{\"topic_name\":7,\"partitions_count\":\"x\",\"color\":1}")
                .post("/admin/topics")
                .then()
                .statusCode(400)
                .body("validation_errors", hasItems(containsString("topic_name"), containsString("partitions_count")))
                .body("validation_errors", hasItem(containsString("color")));
    }

    @Test
    void partitionsBecomeMoreAndNeverFewer() {
        String topic = api.newTopic(2);
        api.post("/topics/" + topic + "/partitions/1", Api.JSON, "{\"records\":[{\"value\":1}]}");

        Api.Answer more = api.send("PATCH", "/topics/" + topic, Api.CONTROL, "{\"partitions_count\":5}");
        Api.Answer fewer = api.send("PATCH", "/topics/" + topic, Api.CONTROL, "{\"partitions_count\":4}");

        assertThat(more.status()).isEqualTo(200);
        assertThat(more.json().path("partitions")).hasSize(5);
        assertThat(fewer.status()).isEqualTo(422);
        assertThat(fewer.code()).isEqualTo("INVALID_PARTITIONS");
        assertThat(api.get("/topics/" + topic + "/partitions").json()).hasSize(5);
        assertThat(api.readAll(topic, 1, 0, Api.JSON)).hasSize(1);
        assertThat(api.post("/topics/" + topic + "/partitions/4", Api.JSON, "{\"records\":[{\"value\":1}]}")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void configurationIsChangedAndCheckedAsAWhole() {
        String topic = api.newTopic(1, "{\"retention.bytes\":\"5\"}");

        Api.Answer good =
                api.send("PATCH", "/topics/" + topic, Api.CONTROL, "{\"configs\":{\"max.message.bytes\":\"10\"}}");
        Api.Answer bad = api.send(
                "PATCH",
                "/topics/" + topic,
                Api.CONTROL,
                "{\"configs\":{\"max.message.bytes\":\"20\",\"nope\":\"1\"}}");

        assertThat(good.status()).isEqualTo(200);
        assertThat(bad.code()).isEqualTo("INVALID_CONFIG");
        given().get("/topics/" + topic)
                .then()
                .body("configs.'max.message.bytes'", equalTo("10"))
                .body("configs.'retention.bytes'", equalTo("5"));
    }

    @Test
    void deletedTopicIsGoneForEveryOperation() {
        String topic = api.newTopic(1);

        Api.Answer deleted = api.delete("/topics/" + topic);

        assertThat(deleted.status()).isEqualTo(204);
        List<Api.Answer> answers = List.of(
                api.delete("/topics/" + topic),
                api.get("/topics/" + topic),
                api.get("/topics/" + topic + "/partitions"),
                api.get("/topics/" + topic + "/partitions/0"),
                api.get("/topics/" + topic + "/partitions/0/offsets"),
                api.get("/topics/" + topic + "/partitions/0/records"),
                api.post("/topics/" + topic, Api.JSON, "{\"records\":[{\"value\":1}]}"),
                api.post("/topics/" + topic + "/partitions/0", Api.JSON, "{\"records\":[{\"value\":1}]}"),
                api.send("PATCH", "/topics/" + topic, Api.CONTROL, "{\"partitions_count\":2}"));
        assertThat(answers).allSatisfy(answer -> {
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.code()).isEqualTo("TOPIC_NOT_FOUND");
        });
    }

    @Test
    void partitionThatDoesNotExistIsNotFound() {
        String topic = api.newTopic(2);

        List<Api.Answer> answers = List.of(
                api.get("/topics/" + topic + "/partitions/2"),
                api.get("/topics/" + topic + "/partitions/2/offsets"),
                api.get("/topics/" + topic + "/partitions/2/records"),
                api.post("/topics/" + topic + "/partitions/2", Api.JSON, "{\"records\":[{\"value\":1}]}"));

        assertThat(answers).allSatisfy(answer -> {
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.code()).isEqualTo("PARTITION_NOT_FOUND");
        });
        assertThat(api.get("/topics/" + topic + "/partitions/one").code()).isEqualTo("INVALID_PARAMETER");
    }
}
