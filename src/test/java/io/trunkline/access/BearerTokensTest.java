package io.trunkline.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.testing.TokenIssuer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokens that are checked with a file of keys. */
class BearerTokensTest {
    private static final String ISSUER = "https://kubernetes.default.svc.cluster.local";

    private final TokenIssuer issuer = new TokenIssuer(ISSUER, "trunkline");
    private volatile Duration later = Duration.ZERO;
    private final InstantSource source = () -> Instant.now().plus(later);
    private final Clock clock = source.withZone(ZoneOffset.UTC);

    @TempDir
    Path directory = Path.of("");

    private Path keys = Path.of("");

    @BeforeEach
    void writeKeys() throws IOException {
        keys = directory.resolve("jwks.json");
        Files.writeString(keys, issuer.publicKeys());
    }

    private BearerTokens tokens(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(Map.of(
                "trunkline.access.oidc.issuer",
                ISSUER,
                "trunkline.access.oidc.audience",
                "trunkline",
                "trunkline.access.oidc.jwks-file",
                keys.toString()));
        all.putAll(settings);
        return tokensOf(all);
    }

    private BearerTokens tokensOf(Map<String, String> all) {
        OidcConfig config = new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(OidcConfig.class)
                .withSources(new PropertiesConfigSource(all, "test", 500))
                .build()
                .getConfigMapping(OidcConfig.class);
        return new BearerTokens(
                config, token -> CompletableFuture.failedFuture(new AssertionError("the file has the keys")), clock);
    }

    private static Principal principal(BearerTokens tokens, String token) throws Exception {
        return tokens.authenticate(token).get(10, TimeUnit.SECONDS);
    }

    private static Optional<ErrorCode> refusal(BearerTokens tokens, String token) {
        return tokens.authenticate(token)
                .handle((principal, failure) -> Optional.ofNullable(failure).map(Failures::code))
                .join();
    }

    @Test
    void tokenOfAServiceAccountNamesIt() throws Exception {
        String token = issuer.token("system:serviceaccount:shop:orders")
                .claim("kubernetes.io", Map.of("namespace", "shop", "serviceaccount", Map.of("name", "orders")))
                .signed();

        Principal principal = principal(tokens(Map.of()), token);

        assertThat(principal).isEqualTo(new Principal("system:serviceaccount:shop:orders", Set.of()));
    }

    @Test
    void everyAsymmetricSignatureCounts() throws Exception {
        BearerTokens tokens = tokens(Map.of());

        assertThat(principal(tokens, issuer.token("rsa").signed()).name()).isEqualTo("rsa");
        assertThat(principal(tokens, issuer.token("pss").header("alg", "PS256").signed())
                        .name())
                .isEqualTo("pss");
        assertThat(principal(tokens, issuer.signedByEllipticCurve("ec")).name()).isEqualTo("ec");
    }

    @Test
    void algorithmThatIsNotConfiguredIsRefused() throws Exception {
        BearerTokens tokens = tokens(Map.of("trunkline.access.oidc.algorithms", "ES256"));

        assertThat(principal(tokens, issuer.signedByEllipticCurve("ec")).name()).isEqualTo("ec");
        assertThat(refusal(tokens, issuer.token("rsa").signed())).contains(ErrorCode.AUTHENTICATION_REQUIRED);
    }

    @Test
    void invalidTokensAreRefusedAlike() {
        BearerTokens tokens = tokens(Map.of());

        assertThat(issuer.invalid()).hasSizeGreaterThan(30).allSatisfy((what, token) -> {
            assertThat(refusal(tokens, token)).as(what).contains(ErrorCode.AUTHENTICATION_REQUIRED);
            assertThat(tokens.authenticate(token))
                    .failsWithin(Duration.ofSeconds(10))
                    .withThrowableThat()
                    .withMessageContaining("The credentials are not valid.");
        });
    }

    @Test
    void tokenThatWasValidEndsWhenItExpires() throws Exception {
        BearerTokens tokens = tokens(Map.of("trunkline.access.oidc.clock-skew", "10s"));
        String token = issuer.token("orders").signed();
        assertThat(principal(tokens, token).name()).isEqualTo("orders");

        later = Duration.ofSeconds(600);
        assertThat(principal(tokens, token).name()).isEqualTo("orders");
        later = Duration.ofSeconds(611);

        assertThat(refusal(tokens, token)).contains(ErrorCode.AUTHENTICATION_REQUIRED);
    }

    @Test
    void clocksMayDiffer() throws Exception {
        String early = issuer.token("orders", Instant.now().plusSeconds(20)).signed();

        assertThat(principal(tokens(Map.of()), early).name()).isEqualTo("orders");
        assertThat(refusal(tokens(Map.of("trunkline.access.oidc.clock-skew", "5s")), early))
                .contains(ErrorCode.AUTHENTICATION_REQUIRED);
    }

    @Test
    void claimsNamePrincipalAndRoles() throws Exception {
        BearerTokens tokens = tokens(Map.of(
                "trunkline.access.oidc.principal-claim", "preferred_username",
                "trunkline.access.oidc.principal-prefix", "oidc:",
                "trunkline.access.oidc.roles-claims", "realm_access/roles,groups,https://example.org/roles"));
        String token = issuer.token("0815")
                .claim("preferred_username", "ada")
                .claim("realm_access", Map.of("roles", List.of("writer", "not a role", "team-a")))
                .claim("groups", "reader")
                .claim("https://example.org/roles", List.of("auditor"))
                .signed();

        Principal principal = principal(tokens, token);

        assertThat(principal.name()).isEqualTo("oidc:ada");
        assertThat(principal.roles()).containsExactlyInAnyOrder("writer", "team-a", "reader", "auditor");
    }

    @Test
    void tokenBringsNoRolesUnlessAClaimIsNamed() throws Exception {
        String token = issuer.token("ada")
                .claim("roles", List.of("admin"))
                .claim("groups", List.of("admin"))
                .signed();

        assertThat(principal(tokens(Map.of()), token).roles()).isEmpty();
    }

    @Test
    void changedKeysCountWithoutARestart() throws Exception {
        BearerTokens tokens = tokens(Map.of());
        TokenIssuer next = new TokenIssuer(ISSUER, "trunkline");
        assertThat(principal(tokens, issuer.token("old").signed()).name()).isEqualTo("old");

        replaceKeys(next.publicKeys());

        assertThat(principal(tokens, next.token("new").signed()).name()).isEqualTo("new");
        assertThat(refusal(tokens, issuer.token("again").signed())).contains(ErrorCode.AUTHENTICATION_REQUIRED);
    }

    @Test
    void keysThatCannotBeReadLeaveThoseBefore() throws Exception {
        BearerTokens tokens = tokens(Map.of());
        assertThat(principal(tokens, issuer.token("before").signed()).name()).isEqualTo("before");

        replaceKeys("{\"keys\":[");

        assertThat(principal(tokens, issuer.token("after").signed()).name()).isEqualTo("after");
    }

    @Test
    void withoutKeysNobodyIsLetIn() throws Exception {
        Files.delete(keys);

        assertThat(refusal(tokens(Map.of()), issuer.token("orders").signed())).contains(ErrorCode.OVERLOADED);
    }

    @Test
    void secretKeysInTheFileAreNoKeys() throws Exception {
        Files.writeString(keys, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0\"}]}");

        assertThat(refusal(tokens(Map.of()), issuer.token("orders").signed())).contains(ErrorCode.OVERLOADED);
    }

    @Test
    void withoutAnIssuerNoTokenIsValid() {
        BearerTokens tokens = tokensOf(Map.of());
        tokens.start(new StartupEvent());

        assertThat(tokens.enabled()).isFalse();
        assertThat(refusal(tokens, issuer.token("orders").signed())).contains(ErrorCode.AUTHENTICATION_REQUIRED);
    }

    @Test
    void issuerWithoutAnAudienceIsRefusedAtTheStart() {
        BearerTokens tokens = tokensOf(Map.of("trunkline.access.oidc.issuer", ISSUER));

        assertThatThrownBy(() -> tokens.start(new StartupEvent()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("trunkline.access.oidc.audience");
        assertThat(tokens.enabled()).isFalse();
    }

    @Test
    void fileWithoutKeysIsRefusedAtTheStart() {
        BearerTokens tokens = tokens(Map.of(
                "trunkline.access.oidc.jwks-file", directory.resolve("missing").toString()));

        assertThatThrownBy(() -> tokens.start(new StartupEvent()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("trunkline.access.oidc.jwks-file");
    }

    @Test
    void clocksThatDifferMuchAreRefusedAtTheStart() {
        BearerTokens tokens = tokens(Map.of("trunkline.access.oidc.clock-skew", "6m"));

        assertThatThrownBy(() -> tokens.start(new StartupEvent()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("trunkline.access.oidc.clock-skew");
    }

    /** The service looks at the file once a second. */
    private void replaceKeys(String text) throws IOException {
        Path next = directory.resolve("next.json");
        Files.writeString(next, text);
        Files.move(next, keys, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        later = later.plusSeconds(2);
    }
}
