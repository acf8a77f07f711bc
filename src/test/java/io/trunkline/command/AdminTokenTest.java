package io.trunkline.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.trunkline.access.ApiToken;
import io.trunkline.jdbc.DatabaseUrl;
import io.trunkline.schema.Migrations;
import io.trunkline.testing.TestDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The first token, in a Secret of an API server that this test plays. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AdminTokenTest {
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");
    private static final String SECRETS = "/api/v1/namespaces/events/secrets";

    private final TestDatabase database = TestDatabase.inASharedServer();
    private final List<String> requests = new ArrayList<>();
    private Map<String, String> settings = Map.of();
    private @Nullable HttpServer server;
    /** What the Secret holds under the key token; null if there is none. */
    private @Nullable String secret;

    /** What it holds under the key created; null if nothing. */
    private @Nullable String written;

    private Instant created = NOW;
    private int refusal;

    @BeforeAll
    void migrate() {
        settings = database.start();
        Migrations.migrate(settings);
    }

    @AfterAll
    void stopDatabase() {
        database.stop();
    }

    @BeforeEach
    void startServer() throws IOException {
        requests.clear();
        secret = null;
        written = null;
        created = NOW;
        refusal = 0;
        HttpServer started = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        started.createContext("/", this::respond);
        started.start();
        server = started;
    }

    @AfterEach
    void stopServer() {
        Objects.requireNonNull(server).stop(0);
        try (OwnerStore store = store()) {
            store.tokens().forEach(token -> store.revokeToken(token.id()));
            store.roles().forEach(role -> store.removeRole(role.principal(), role.role()));
        }
    }

    @Test
    void firstRunCreatesTheSecretAndItsToken() {
        assertThat(keep()).contains("first token");

        ApiToken token = ApiToken.parse(Objects.requireNonNull(secret)).orElseThrow();
        assertThat(known(token)).hasValueSatisfying(stored -> {
            assertThat(stored.principal()).isEqualTo("admin");
            assertThat(stored.roles()).containsExactly("admin");
            assertThat(stored.expiresAt()).isNull();
        });
        assertThat(requests).containsExactly("GET " + SECRETS + "/first", "POST " + SECRETS);
        assertThat(written).isEqualTo(NOW.toString());
    }

    @Test
    void noTokenIsCreatedBesideAValidOneOfAnAdministrator() {
        keep();
        ApiToken token = ApiToken.parse(Objects.requireNonNull(secret)).orElseThrow();
        secret = null;
        requests.clear();

        assertThat(keep()).contains("none was created").contains(token.id()).doesNotContain(token.reveal());

        assertThat(requests).containsExactly("GET " + SECRETS + "/first");
    }

    @Test
    void noTokenIsCreatedBesideAPrincipalWhoIsAnAdministrator() {
        try (OwnerStore store = store()) {
            store.addRole("alice", "admin");
        }

        assertThat(keep()).contains("none was created").contains("alice");

        assertThat(secret).isNull();
    }

    @Test
    void tokensAndPrincipalsWithoutTheRoleOrValidityAreNoAdministrators() {
        ApiToken revoked = ApiToken.random(new SecureRandom());
        try (OwnerStore store = store()) {
            store.addToken(revoked, "bob", List.of("admin"), "", null);
            store.revokeToken(revoked.id());
            store.addToken(ApiToken.random(new SecureRandom()), "bob", List.of("writer"), "", null);
            store.addRole("bob", "reader");
        }

        assertThat(keep()).contains("first token");
    }

    @Test
    void nextRunsChangeNothing() {
        keep();
        String before = secret;
        requests.clear();

        assertThat(keep()).contains("is there");

        assertThat(secret).isEqualTo(before);
        assertThat(requests).containsExactly("GET " + SECRETS + "/first");
    }

    @Test
    void revokedTokenStaysRevoked() {
        keep();
        ApiToken token = ApiToken.parse(Objects.requireNonNull(secret)).orElseThrow();
        try (OwnerStore store = store()) {
            store.revokeToken(token.id());
        }

        keep();

        assertThat(known(token))
                .hasValueSatisfying(stored -> assertThat(stored.state()).isEqualTo(StoredToken.State.REVOKED));
    }

    @Test
    void tokenOfASecretThatTheDatabaseNeverKnewIsAdded() {
        ApiToken token = ApiToken.random(new SecureRandom());
        secret = token.reveal() + "\n";
        created = NOW.minus(Duration.ofDays(29));

        assertThat(keep()).contains("was added");

        assertThat(known(token)).isPresent();
    }

    @Test
    void tokenThatMayHaveBeenRevokedLongAgoIsNotAdded() {
        ApiToken token = ApiToken.random(new SecureRandom());
        secret = token.reveal();
        created = NOW.minus(Duration.ofDays(31));

        assertThat(keep()).contains("Delete the Secret");

        assertThat(known(token)).isEmpty();
    }

    @Test
    void restoredSecretIsAsOldAsItSays() {
        ApiToken token = ApiToken.random(new SecureRandom());
        secret = token.reveal();
        written = NOW.minus(Duration.ofDays(31)).toString();

        assertThat(keep()).contains("Delete the Secret");

        assertThat(known(token)).isEmpty();
    }

    @Test
    void secretIsNoYoungerThanItsMetadataSays() {
        ApiToken token = ApiToken.random(new SecureRandom());
        secret = token.reveal();
        written = NOW.toString();
        created = NOW.minus(Duration.ofDays(31));

        assertThat(keep()).contains("Delete the Secret");

        assertThat(known(token)).isEmpty();
    }

    @Test
    void secretWithATimeThatIsNoneIsNamed() {
        secret = ApiToken.random(new SecureRandom()).reveal();
        written = "yesterday";

        assertThatThrownBy(this::keep)
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("no time such as 2030-01-31T12:00:00Z under the key created");
    }

    @Test
    void secretWithoutATokenAndRefusalsAreNamed() {
        secret = "guess";
        assertThatThrownBy(this::keep)
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("no API token under the key token")
                .hasMessageNotContaining("guess");

        refusal = 403;
        assertThatThrownBy(this::keep)
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("status 403")
                .hasMessageContaining("service account");
    }

    @Test
    void onlyAPodCanWriteSecrets() {
        assertThatThrownBy(() -> KubernetesSecrets.ofThisPod(Map.of()))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("this is none");
    }

    private String keep() {
        URI address = URI.create("http://127.0.0.1:"
                + Objects.requireNonNull(server).getAddress().getPort());
        try (KubernetesSecrets secrets =
                        new KubernetesSecrets(HttpClient.newHttpClient(), address, "events", "pod-token");
                OwnerStore store = store()) {
            return new AdminToken(secrets, store, Clock.fixed(NOW, ZoneOffset.UTC)).keepIn("first");
        }
    }

    private Optional<StoredToken> known(ApiToken token) {
        try (OwnerStore store = store()) {
            return store.tokens().stream()
                    .filter(stored -> stored.id().equals(token.id()))
                    .findFirst();
        }
    }

    private OwnerStore store() {
        return OwnerStore.open(
                DatabaseUrl.parse(Objects.requireNonNull(settings.get("trunkline.database.url"))),
                "trunkline_owner",
                Optional.ofNullable(settings.get("trunkline.database.owner.password")),
                "trunkline",
                Duration.ofSeconds(10));
    }

    private void respond(HttpExchange exchange) throws IOException {
        requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
        String current = secret;
        if (refusal != 0
                || !"Bearer pod-token".equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            answer(exchange, refusal == 0 ? 401 : refusal, "{}");
        } else if (exchange.getRequestMethod().equals("POST")) {
            JsonNode body = new JsonMapper().readTree(exchange.getRequestBody());
            assertThat(body.path("metadata").path("name").asText()).isEqualTo("first");
            secret = body.path("stringData").path("token").asText();
            written = body.path("stringData").path("created").asText();
            answer(exchange, 201, "{}");
        } else if (current == null) {
            answer(exchange, 404, "{}");
        } else {
            answer(
                    exchange,
                    200,
                    "{\"metadata\":{\"creationTimestamp\":\"" + created + "\"},\"data\":{\"token\":\""
                            + encoded(current) + "\""
                            + (written == null ? "" : ",\"created\":\"" + encoded(written) + "\"") + "}}");
        }
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }
}
