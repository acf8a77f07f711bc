package io.trunkline.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ApiTokenTest {
    private final ApiToken token = ApiToken.random(new SecureRandom());

    @Test
    void tokenIsReadAsItIsShown() {
        assertThat(token.reveal()).matches("tl_[a-z0-9]{12}_[0-9A-Za-z]{43}");
        assertThat(ApiToken.parse(token.reveal()).orElseThrow().id()).isEqualTo(token.id());
        assertThat(ApiToken.parse(token.reveal()).orElseThrow().secretHash()).isEqualTo(token.secretHash());
    }

    @Test
    void twoTokensDiffer() {
        assertThat(ApiToken.random(new SecureRandom()).reveal()).isNotEqualTo(token.reveal());
    }

    @Test
    void databaseHoldsTheHashOfTheProofAndNotTheProof() throws Exception {
        assertThat(token.secretHash())
                .hasSize(32)
                .isEqualTo(MessageDigest.getInstance("SHA-256").digest(token.proof()))
                .isNotEqualTo(token.proof());
    }

    @Test
    void whatHasNotTheFormIsNoToken() {
        String text = token.reveal();

        assertThat(Stream.of(
                        "",
                        "tl_",
                        text.substring(1),
                        text + "0",
                        text.substring(0, text.length() - 1),
                        "TL_" + text.substring(3),
                        text.replace("_", "-"),
                        text.substring(0, text.length() - 1) + " ",
                        text.substring(0, text.length() - 1) + "é"))
                .allSatisfy(other -> assertThat(ApiToken.parse(other)).as(other).isEmpty());
    }

    @Test
    void textForLogsHasNoSecret() {
        assertThat(token)
                .asString()
                .contains(token.id())
                .doesNotContain(token.reveal().substring(16));
        assertThat(new Credentials(
                                Optional.of(token.reveal()),
                                Optional.of(new Credentials.Password("user", token.reveal())),
                                List.of())
                        .toString())
                .doesNotContain(token.id());
    }
}
