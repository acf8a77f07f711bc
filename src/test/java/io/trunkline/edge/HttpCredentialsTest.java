package io.trunkline.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.access.Credentials;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpCredentialsTest {
    @ParameterizedTest
    @ValueSource(strings = {"Bearer token", "bearer token", "BEARER   token ", "bEARER token"})
    void schemeMayBeWrittenInAnyCase(String header) {
        assertThat(of(header).bearer()).contains("token");
    }

    @Test
    void passwordOfBasicIsATokenAndTheUserItsHolder() {
        assertThat(of("Basic " + base64("ci:to:ken")).password()).contains(new Credentials.Password("ci", "to:ken"));
        assertThat(of("basic " + base64(":token")).password()).contains(new Credentials.Password("", "token"));
        assertThat(of("Basic " + base64("jürgen:token")).password())
                .contains(new Credentials.Password("jürgen", "token"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "Bearer",
                "Bearer ",
                "Bearer\ttoken",
                "Bearertoken",
                "Token abc",
                "Basic",
                "Basic ",
                "Basic !!!",
                "Basic YQ==",
                "Basic /////w==",
                "Digest username=\"a\"",
                "Basic YTpi, Bearer token"
            })
    void whatCannotBeReadProvesNothing(String header) {
        refused(List.of(header));
    }

    @Test
    void severalHeadersProveNothing() {
        refused(List.of("Bearer token", "Bearer token"));
    }

    @Test
    void hugeHeaderProvesNothing() {
        refused(List.of("Bearer " + "a".repeat(13_000)));
    }

    private static Credentials of(String header) {
        return HttpCredentials.of(List.of(header), List.of());
    }

    private static void refused(List<String> headers) {
        assertThatThrownBy(() -> HttpCredentials.of(headers, List.of()))
                .isInstanceOfSatisfying(TrunklineException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.AUTHENTICATION_REQUIRED);
                    assertThat(e.userMessage()).isEqualTo("The credentials are not valid.");
                });
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
