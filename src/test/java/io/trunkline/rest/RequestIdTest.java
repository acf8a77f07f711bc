package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceTestCase;
import java.net.http.HttpRequest.BodyPublishers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The id of a request, in its answer. */
@QuarkusTest
class RequestIdTest extends ServiceTestCase {
    @Test
    void everyAnswerHasAnIdOfItsOwn() {
        String first = api.get("/topics").header(RequestIds.HEADER);
        String second = api.get("/no-such-path").header(RequestIds.HEADER);

        assertThat(first).isNotBlank().isNotEqualTo(second);
        assertThat(second).isNotBlank();
    }

    @Test
    void refusedBodyHasOneToo() {
        Api.Answer answer = api.send(api.request("/topics/x")
                .header("Content-Type", Api.JSON)
                .POST(BodyPublishers.ofByteArray(new byte[11 << 20])));

        assertThat(answer.status()).isEqualTo(413);
        assertThat(answer.header(RequestIds.HEADER)).isNotBlank();
    }

    @Test
    void idOfTheClientIsKept() {
        assertThat(withId("order-17_a.b:c/d+e=").header(RequestIds.HEADER)).isEqualTo("order-17_a.b:c/d+e=");
    }

    @ParameterizedTest
    @ValueSource(strings = {"two words", "quo\"te", "{json}", "ümlaut"})
    void idThatCouldMeanSomethingElseIsReplaced(String id) {
        assertThat(withId(id).header(RequestIds.HEADER)).isNotBlank().isNotEqualTo(id);
    }

    @Test
    void longIdIsReplaced() {
        assertThat(withId("a".repeat(129)).header(RequestIds.HEADER)).hasSizeLessThan(64);
    }

    private Api.Answer withId(String id) {
        return api.send(api.request("/topics").header(RequestIds.HEADER, id).GET());
    }
}
