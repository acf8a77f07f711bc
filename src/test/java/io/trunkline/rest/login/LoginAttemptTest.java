package io.trunkline.rest.login;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LoginAttemptTest {
    private final SecureRandom random = new SecureRandom();

    @Test
    void cookieHoldsTheAttempt() {
        LoginAttempt attempt = LoginAttempt.begin(random, "/console/topics/a%2Fb?x=//y");

        assertThat(LoginAttempt.parse(attempt.cookie())).contains(attempt);
        assertThat(attempt.cookie()).matches("[A-Za-z0-9_.-]+");
        assertThat(LoginAttempt.begin(random, "/console/" + "a".repeat(1_000)).cookie())
                .hasSizeLessThan(1_500);
        assertThat(attempt.toString()).doesNotContain(attempt.secret());
    }

    @Test
    void nothingThatOthersSeeLeadsToAnotherPart() throws Exception {
        LoginAttempt attempt = LoginAttempt.begin(random, LoginAttempt.HOME);
        Set<String> parts =
                Set.of(attempt.secret(), attempt.state(), attempt.nonce(), attempt.verifier(), attempt.challenge());

        assertThat(parts).hasSize(5).allMatch(part -> part.matches("[A-Za-z0-9_-]{43}"));
        assertThat(attempt.challenge())
                .isEqualTo(Base64.getUrlEncoder()
                        .withoutPadding()
                        .encodeToString(MessageDigest.getInstance("SHA-256")
                                .digest(attempt.verifier().getBytes(StandardCharsets.US_ASCII))));
        assertThat(IntStream.range(0, 1_000)
                        .mapToObj(i ->
                                LoginAttempt.begin(random, LoginAttempt.HOME).state())
                        .collect(Collectors.toSet()))
                .hasSize(1_000);
    }

    @Test
    void stateIsThatOfItsAttemptOnly() {
        LoginAttempt attempt = LoginAttempt.begin(random, LoginAttempt.HOME);

        assertThat(attempt.isOf(attempt.state())).isTrue();
        assertThat(Stream.of(
                        "",
                        "x",
                        attempt.nonce(),
                        attempt.state() + "x",
                        attempt.state().substring(1)))
                .noneMatch(attempt::isOf);
    }

    @Test
    void whatIsNoAttemptIsNone() {
        String secret = LoginAttempt.begin(random, LoginAttempt.HOME).secret();
        String home = Base64.getUrlEncoder().encodeToString("/console/".getBytes(StandardCharsets.US_ASCII));
        String evil = Base64.getUrlEncoder().encodeToString("//evil".getBytes(StandardCharsets.US_ASCII));

        assertThat(LoginAttempt.parse(secret + "." + home)).isPresent();
        assertThat(List.of(
                        "", ".", secret, secret + ".", secret + ".%", "x." + home, secret + "." + evil, secret + ".é"))
                .allSatisfy(cookie ->
                        assertThat(LoginAttempt.parse(cookie)).as(cookie).isEmpty());
        assertThatThrownBy(() -> new LoginAttempt(secret, "//evil")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void viewsOfTheConsoleAreLocal() {
        assertThat(List.of(
                        "/console/",
                        "/console/topics?name=a&sort=size",
                        "/console/topics/a.b-c_d/records?from=0&filter=%22x%22%20%3D%201",
                        "/console/groups/a%2Fb",
                        "/console/groups/%C3%A9?x=%5C&y=..",
                        "/console/topics/..."))
                .allMatch(LoginAttempt::isLocal);
        assertThat(LoginAttempt.isLocal("/console/" + "a".repeat(1_001))).isFalse();
    }
}
