package io.trunkline.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.testing.CertificateAuthority;
import io.trunkline.testing.GuardedProvider;
import io.trunkline.testing.OpenIdProvider;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TokenIssuer;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** Tokens of an OpenID provider that the service finds by discovery. Its life is one story, from before it is there. */
@QuarkusTest
@TestProfile(OidcProviderTest.WithProvider.class)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class OidcProviderTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final OpenIdProvider PROVIDER = new OpenIdProvider(WithProvider.PORT);

    /** Whose keys the provider has after it has replaced its own. */
    private static final TokenIssuer ISSUER = new TokenIssuer(PROVIDER.issuer(), "trunkline");

    private static String before = "";

    /** Where the service fetches configuration and keys. */
    private static @Nullable GuardedProvider guarded;

    /** A provider is configured, which is not there when the service starts, and shows its keys as Kubernetes' API server does. */
    public static final class WithProvider implements QuarkusTestProfile {
        private static final int PORT = ServiceProcess.freePort();
        private static final int GUARDED_PORT = ServiceProcess.freePort();
        private static final String TOKEN = "of-the-pod";
        private static final CertificateAuthority AUTHORITY = new CertificateAuthority("Cluster");

        @Override
        public Map<String, String> getConfigOverrides() {
            try {
                Path directory = Files.createTempDirectory("trunkline-provider");
                AUTHORITY.write(directory.resolve("ca.crt"));
                Path token = Files.writeString(directory.resolve("token"), TOKEN + "\n");
                return Map.of(
                        "trunkline.access.oidc.issuer",
                        "http://localhost:" + PORT + "/company",
                        "trunkline.access.oidc.server-url",
                        "https://localhost:" + GUARDED_PORT + "/company",
                        "trunkline.access.oidc.audience",
                        "trunkline",
                        "trunkline.access.oidc.token-file",
                        token.toString(),
                        "trunkline.access.oidc.tls-configuration-name",
                        "provider",
                        "quarkus.tls.provider.trust-store.pem.certs",
                        directory.resolve("ca.crt").toString());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Inject
    BearerTokens tokens;

    @AfterAll
    static void stopProvider() {
        PROVIDER.close();
        if (guarded != null) {
            guarded.close();
        }
    }

    private Optional<ErrorCode> refusal(String token) {
        return tokens.authenticate(token)
                .handle((principal, failure) -> Optional.ofNullable(failure).map(Failures::code))
                .orTimeout(30, TimeUnit.SECONDS)
                .join();
    }

    private String principal(String token) throws Exception {
        return tokens.authenticate(token).get(30, TimeUnit.SECONDS).name();
    }

    @Test
    @Order(1)
    void withoutTheProviderTheServiceRunsAndLetsNobodyIn() throws Exception {
        assertThat(tokens.enabled()).isTrue();
        assertThat(api.get("/", "application/json").status()).isEqualTo(200);
        assertThat(refusal(ISSUER.token("mallory").signed())).contains(ErrorCode.OVERLOADED);
        assertThat(refusal("garbage")).contains(ErrorCode.AUTHENTICATION_REQUIRED);
    }

    @Test
    @Order(2)
    void tokenThatTheProviderIssuesIsValidAsSoonAsItIsThere() throws Exception {
        PROVIDER.start();
        guarded = new GuardedProvider(
                WithProvider.GUARDED_PORT, WithProvider.AUTHORITY.server(), PROVIDER.issuer(), WithProvider.TOKEN);
        before = PROVIDER.token("orders", "trunkline");
        String other = PROVIDER.token("orders", "other");

        Awaitility.await().atMost(PATIENCE).until(() -> refusal(before).isEmpty());

        assertThat(principal(before)).isEqualTo("orders");
        assertThat(refusal(other)).contains(ErrorCode.AUTHENTICATION_REQUIRED);
    }

    @Test
    @Order(3)
    void keysThatTheProviderHasNewAreLearnedOnce() throws Exception {
        PROVIDER.rotateTo(ISSUER);
        int requests = PROVIDER.keyRequests();

        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> refusal(ISSUER.token("new").signed()).isEmpty());

        assertThat(PROVIDER.keyRequests()).isLessThanOrEqualTo(requests + 2);
        assertThat(principal(ISSUER.signedByEllipticCurve("curve"))).isEqualTo("curve");
        assertThat(principal(ISSUER.token("pss").header("alg", "PS256").signed()))
                .isEqualTo("pss");
    }

    @Test
    @Order(4)
    void invalidTokensAreRefusedAlike() {
        assertThat(ISSUER.invalid())
                .hasSizeGreaterThan(30)
                .allSatisfy((what, token) ->
                        assertThat(refusal(token)).as(what).contains(ErrorCode.AUTHENTICATION_REQUIRED));
    }

    @Test
    @Order(5)
    void keysThatSomebodyMakesUpDoNotFloodTheProvider() throws Exception {
        int requests = PROVIDER.keyRequests();

        for (int i = 0; i < 500; i++) {
            String madeUp = ISSUER.token("mallory")
                    .header("kid", UUID.randomUUID().toString())
                    .signed();
            assertThat(refusal(madeUp)).contains(ErrorCode.AUTHENTICATION_REQUIRED);
        }

        assertThat(PROVIDER.keyRequests()).isLessThanOrEqualTo(requests + 3);
        assertThat(principal(ISSUER.token("orders").signed())).isEqualTo("orders");
    }

    @Test
    @Order(6)
    void whileTheProviderIsAwayItsKnownKeysCount() throws Exception {
        TokenIssuer next = new TokenIssuer(PROVIDER.issuer(), "trunkline");
        PROVIDER.close();

        assertThat(principal(ISSUER.token("away").signed())).isEqualTo("away");
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> refusal(next.token("next").signed()).equals(Optional.of(ErrorCode.OVERLOADED)));
        assertThat(refusal(next.token("next").signed())).contains(ErrorCode.OVERLOADED);

        PROVIDER.rotateTo(next);
        PROVIDER.start();
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> refusal(next.token("back").signed()).isEmpty());
        assertThat(refusal(ISSUER.token("withdrawn").signed())).contains(ErrorCode.AUTHENTICATION_REQUIRED);
    }
}
