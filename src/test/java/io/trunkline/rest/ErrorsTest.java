package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.error.ErrorCode;
import jakarta.ws.rs.BadRequestException;
import jakarta.ws.rs.ForbiddenException;
import jakarta.ws.rs.NotAuthorizedException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ErrorsTest {
    @Test
    void unknownClientIsAskedForCredentials() {
        Response answer = answer(new NotAuthorizedException("Bearer realm=\"trunkline\""));

        assertThat(answer.getStatus()).isEqualTo(401);
        assertThat(body(answer)).contains("\"error_code\":401", "\"code\":\"AUTHENTICATION_REQUIRED\"");
        assertThat(answer.getHeaderString(HttpHeaders.WWW_AUTHENTICATE)).isEqualTo("Bearer realm=\"trunkline\"");
    }

    @Test
    void clientThatMayNotDoThisIsRefused() {
        Response answer = answer(new ForbiddenException());

        assertThat(answer.getStatus()).isEqualTo(403);
        assertThat(body(answer)).contains("\"error_code\":403", "\"code\":\"ACCESS_DENIED\"");
    }

    @Test
    void otherFaultsOfTheClientAreBadRequests() {
        Response answer = answer(new BadRequestException());

        assertThat(answer.getStatus()).isEqualTo(400);
        assertThat(body(answer)).contains("\"code\":\"INVALID_REQUEST\"");
    }

    @Test
    void everyCodeIsDocumentedWithItsStatus() throws Exception {
        String document = Files.readString(Path.of("docs/errors.md"));

        assertThat(ErrorCode.values())
                .allSatisfy(code -> assertThat(document).contains("| `" + code + "` | " + ErrorStatus.of(code) + " |"));
    }

    private static Response answer(WebApplicationException failure) {
        return Errors.answer(failure, "GET", "/topics");
    }

    private static String body(Response answer) {
        return new String((byte[]) answer.getEntity(), StandardCharsets.UTF_8);
    }
}
