package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.ServiceTestCase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Texts that JSON's escapes can hold, and UTF-8 or PostgreSQL cannot: wherever a body takes text. */
@QuarkusTest
class TextsApiTest extends ServiceTestCase {
    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "POST~/admin/topics~{\"topic_name\":\"TEXT\"}",
                "POST~/admin/topics~{\"topic_name\":\"fine\",\"configs\":{\"retention.ms\":\"TEXT\"}}",
                "PATCH~/topics/TOPIC~{\"configs\":{\"retention.ms\":\"TEXT\"}}",
                "POST~/consumers/GROUP~{\"name\":\"TEXT\"}",
                "POST~/consumers/GROUP~{\"format\":\"TEXT\"}",
                "POST~/consumers/GROUP~{\"auto.offset.reset\":\"TEXT\"}",
                "POST~/consumers/GROUP~{\"isolation.level\":\"TEXT\"}",
                "POST~INSTANCE/subscription~{\"topics\":[\"fine\",\"TEXT\"]}",
                "POST~INSTANCE/subscription~{\"topic_pattern\":\"TEXT\"}",
                "POST~INSTANCE/subscription~{\"topic_pattern\":\"a|[TEXT]\"}",
                "POST~INSTANCE/assignments~{\"partitions\":[{\"topic\":\"TEXT\",\"partition\":0}]}",
                "POST~INSTANCE/offsets~{\"offsets\":[{\"topic\":\"TEXT\",\"partition\":0,\"offset\":0}]}",
                "POST~INSTANCE/positions~{\"offsets\":[{\"topic\":\"TEXT\",\"partition\":0,\"offset\":0}]}",
                "POST~INSTANCE/positions/beginning~{\"partitions\":[{\"topic\":\"TEXT\",\"partition\":0}]}",
                "POST~INSTANCE/positions/end~{\"partitions\":[{\"topic\":\"TEXT\",\"partition\":0}]}",
                "PUT~/groups/GROUP/offsets~{\"to\":\"TEXT\"}",
                "PUT~/groups/GROUP/offsets~{\"to\":\"latest\",\"topics\":[\"TEXT\"]}",
                "PUT~/groups/GROUP/offsets~{\"offsets\":[{\"topic\":\"TEXT\",\"partition\":0,\"offset\":0}]}"
            })
    void textThatCannotBeStoredIsRefusedAndChangesNothing(String method, String path, String body) {
        String topic = api.newTopic(1);
        Consumer consumer = group.consumer().subscribe(topic);
        String before = api.get("/topics/" + topic).body();

        for (String text : new String[] {"\\ud800", "x\\udfff", "\\ud800\\ud800", "\\u0000", "a\\u0000b"}) {
            Api.Answer answer = api.send(
                    method,
                    path.replace("TOPIC", topic).replace("GROUP", group.id()).replace("INSTANCE", consumer.path()),
                    Api.CONTROL,
                    body.replace("TEXT", text));

            assertFailure(answer, 422, "INVALID_TEXT");
        }

        assertThat(api.get("/topics/" + topic).body()).isEqualTo(before);
        assertThat(group.members()).containsExactly(consumer.name());
        assertThat(consumer.partitionsOf(topic)).containsExactly(0);
        assertThat(api.get("/topics/fine").status()).isEqualTo(404);
    }

    /** Jackson takes a name with half a pair for no JSON. */
    @ParameterizedTest
    @CsvSource({"\\ud800,400,INVALID_JSON", "\\u0000,422,INVALID_TEXT"})
    void nameThatCannotBeStoredIsRefused(String name, int status, String code) {
        String topic = api.newTopic(1);

        for (String body :
                new String[] {"{\"NAME\":1}", "{\"configs\":{\"NAME\":\"1\"}}", "{\"configs\":{\"NAME\":null}}"}) {
            Api.Answer answer = api.send("PATCH", "/topics/" + topic, Api.CONTROL, body.replace("NAME", name));

            assertFailure(answer, status, code);
        }
    }

    @Test
    void groupOfSuchANameIsRefused() {
        assertFailure(api.post("/consumers/a%00b", Api.CONTROL, "{}"), 422, "INVALID_GROUP");
    }

    @Test
    void wholePairsAreText() {
        String name = "\\ud83d\\ude80";

        Api.Answer answer = api.post("/consumers/" + group.id(), Api.CONTROL, "{\"name\":\"" + name + "\"}");

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(group.members()).containsExactly("\ud83d\ude80");
    }
}
