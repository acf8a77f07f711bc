package io.trunkline.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;

/** What every refusal of the API looks like. */
public final class Failure {
    private Failure() {}

    /** Fails unless the answer is an error of the one shape, with this status and code. */
    public static void assertFailure(Api.Answer answer, int status, String code) {
        assertFailure(answer, status);
        assertThat(answer.code()).isEqualTo(code);
    }

    /** Fails unless the answer is an error of the one shape, with this status. */
    public static void assertFailure(Api.Answer answer, int status) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.header("Content-Type")).startsWith(Api.CONTROL);
        JsonNode error = answer.json();
        assertThat(error.path("error_code").asInt()).isEqualTo(status);
        assertThat(error.path("code").asText()).matches("[A-Z][A-Z_]+");
        assertThat(error.path("message").asText())
                .isNotBlank()
                .doesNotContain("Exception", "io.trunkline", "java.", "SELECT", "ERROR:");
    }

    /** Fails unless the answer says of a body what does not fit. */
    public static void assertDoesNotFit(Api.Answer answer, String what) {
        assertFailure(answer, 400, "INVALID_REQUEST");
        assertThat(answer.json().path("validation_errors"))
                .isNotEmpty()
                .allSatisfy(e -> assertThat(e.isTextual()).isTrue());
        assertThat(answer.json().path("validation_errors").toString()).contains(what);
    }
}
