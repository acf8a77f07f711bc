package io.trunkline.command;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.trunkline.access.ApiToken;
import io.trunkline.embedded.EmbeddedConfig;
import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.schema.Migrations;
import io.trunkline.testing.TestDatabase;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands on a database with the schema, as the owner. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CommandsTest {
    private final TestDatabase database = TestDatabase.inASharedServer();
    private Map<String, String> settings = Map.of();

    @BeforeAll
    void migrate() {
        settings = database.start();
        Migrations.migrate(settings);
    }

    @AfterAll
    void stopDatabase() {
        database.stop();
    }

    @AfterEach
    void deleteAll() {
        asOwner("DELETE FROM trunkline.access_token");
        asOwner("DELETE FROM trunkline.access_role");
        asOwner("DELETE FROM trunkline.access_rule");
    }

    /** How a command ended, and what it wrote. */
    private record Ended(int status, String result, String notes) {}

    @Test
    void createdTokenIsPrintedAloneAndOnlyItsHashIsStored() {
        Ended created = run("token", "create", "--principal", "ci", "--role", "writer", "--expires", "90d");

        assertThat(created.status()).as(created.notes()).isZero();
        ApiToken token = ApiToken.parse(created.result().strip()).orElseThrow();
        assertThat(created.result()).isEqualTo(token.reveal() + "\n");
        assertThat(created.notes())
                .contains(token.id(), "ci", "the role writer", "expires after 90d")
                .doesNotContain(token.reveal());
        assertThat(one("SELECT encode(secret_hash, 'hex') FROM trunkline.access_token"))
                .isEqualTo(HexFormat.of().formatHex(token.secretHash()));
        assertThat(one("SELECT principal || array_to_string(roles, ',') || created_by || description"
                        + " || round(extract(epoch FROM expires_at - created_at) / 86400) FROM trunkline.access_token"))
                .isEqualTo("ciwritercommand90");
    }

    @Test
    void tokensAreListedWithoutTheirSecrets() throws Exception {
        String first = create("--principal", "ci", "--role", "writer", "--role", "reader", "--expires", "12h");
        String second = create("--principal", "ops", "--expires", "never", "--description", "for \"ops\"");

        Ended table = run("token", "list");
        JsonNode json = new JsonMapper().readTree(run("token", "list", "--json").result());

        assertThat(table.result().lines().toList())
                .hasSize(3)
                .satisfies(
                        lines -> assertThat(lines.getFirst()).contains("ID", "PRINCIPAL", "STATE"),
                        lines -> assertThat(lines.get(1)).contains(id(first), "ci", "writer,reader", "valid"),
                        lines -> assertThat(lines.get(2)).contains(id(second), "ops", "never", "for \"ops\""));
        assertThat(table.result()).doesNotContain(first.substring(16), second.substring(16));
        assertThat(json).hasSize(2);
        assertThat(json.get(0).path("roles")).hasSize(2);
        assertThat(json.get(0).path("expires_at").asText()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ");
        assertThat(json.get(1).path("description").asText()).isEqualTo("for \"ops\"");
        assertThat(json.get(1).path("expires_at").isNull()).isTrue();
        assertThat(StreamSupport.stream(json.spliterator(), false).map(JsonNode::toString))
                .noneMatch(text -> text.contains(first.substring(16)) || text.contains("hash"));
    }

    @Test
    void tokenIsRevokedByItsIdOrByItself() {
        String first = create("--principal", "ci", "--expires", "90d");
        String second = create("--principal", "ci", "--expires", "90d");

        assertThat(run("token", "revoke", id(first)).status()).isZero();
        assertThat(run("token", "revoke", second).notes()).contains(id(second)).doesNotContain(second.substring(16));

        assertThat(run("token", "list").result().lines().skip(1)).hasSize(2).allMatch(line -> line.contains("revoked"));
        assertThat(run("token", "revoke", "abcdefghijkl"))
                .isEqualTo(new Ended(1, "", "There is no token abcdefghijkl.\n"));
    }

    @Test
    void rulesAreAllowedOnceListedAndDeleted() throws Exception {
        Ended allowed = run(
                "rule",
                "allow",
                "--principal",
                "billing",
                "--right",
                "read",
                "--right",
                "write",
                "--topic",
                "orders.*",
                "--topic",
                "invoices");
        Ended again = run("rule", "allow", "--principal=billing", "--right=read", "--topic=invoices");
        Ended role = run("rule", "allow", "--role", "auditor", "--right", "manage", "--topic", "*", "--group", "*");

        assertThat(allowed.status()).as(allowed.notes()).isZero();
        List<String> ids = allowed.result().lines().toList();
        assertThat(ids).hasSize(4).doesNotHaveDuplicates();
        assertThat(allowed.notes()).contains("principal billing may read the topics orders.*");
        assertThat(ids).contains(again.result().strip());
        assertThat(role.notes()).contains("role auditor may manage the groups *");
        assertThat(new JsonMapper().readTree(run("rule", "list", "--json").result()))
                .hasSize(6)
                .anySatisfy(rule -> assertThat(rule.toString())
                        .contains(
                                "\"principal\":\"billing\"",
                                "\"right\":\"write\"",
                                "\"topic\":\"orders.*\"",
                                "\"created_by\":\"command\""))
                .anySatisfy(rule -> assertThat(rule.toString())
                        .contains("\"role\":\"auditor\"", "\"group\":\"*\"", "\"source\":\"api\""));
        assertThat(run("rule", "delete", ids.getFirst()).status()).isZero();
        assertThat(run("rule", "list").result().lines().skip(1)).hasSize(5);
        assertThat(run("rule", "delete", ids.getFirst()).status()).isEqualTo(1);
    }

    @Test
    void rolesAreAddedListedAndRemoved() {
        asOwner("INSERT INTO trunkline.access_role VALUES ('alice', 'admin', 'file')");

        assertThat(run("role", "add", "--principal", "bob", "--role", "reader").notes())
                .contains("now");
        assertThat(run("role", "add", "--principal", "bob", "--role", "reader").notes())
                .contains("already");
        assertThat(run("role", "list").result().lines().toList())
                .containsExactly("PRINCIPAL  ROLE    SOURCE", "alice      admin   file", "bob        reader  api");
        assertThat(run("role", "remove", "--principal", "alice", "--role", "admin")
                        .notes())
                .contains("trunkline.access.file");
        assertThat(run("role", "remove", "--principal", "alice", "--role", "admin")
                        .status())
                .isEqualTo(1);
        assertThat(run("role", "list", "--json").result()).contains("bob").doesNotContain("alice");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "token | A command is missing after token",
                "token make | Unknown command: token make",
                "token create --principal ci | --expires TIME is missing",
                "token create --principal ci --expires 90 | must be 90d, 12h or 30m, or never",
                "token create --principal ci --expires 1d --role a/b | The name of a role",
                "token create --principal ci --expires 1d --rolle a | Unknown option: --rolle",
                "token create --expires 1d --principal= | The name of a principal",
                "token list now | Unknown argument: now",
                "token revoke | ID is missing",
                "token revoke 1 | 12 characters",
                "rule allow --right read --topic t | one --principal NAME or one --role ROLE",
                "rule allow --principal p --role r --right read --topic t | one --principal NAME or one --role ROLE",
                "rule allow --principal p --right read | a --topic NAME or a --group NAME",
                "rule allow --principal p --right delete --topic t | Unknown right: delete",
                "rule allow --principal p --right use --topic t | Not a rule",
                "rule allow --principal p --right read --group g | Not a rule",
                "rule allow --principal p --right read --topic= | Not a rule",
                "rule delete one | a number",
                "role add --principal p | --role ROLE is missing",
            })
    void wrongUseIsRefusedAndChangesNothing(String line, String message) {
        Ended ended = run(line.split(" "));

        assertThat(ended.status()).isEqualTo(2);
        assertThat(ended.result()).isEmpty();
        assertThat(ended.notes()).contains(message);
        assertThat(
                        one(
                                "SELECT (SELECT count(*) FROM trunkline.access_token) + (SELECT count(*) FROM trunkline.access_rule)"))
                .isEqualTo("0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "help",
                "migrate --help",
                "token --help",
                "token create --help",
                "token list -h",
                "token revoke --help",
                "rule allow --help",
                "rule list --help",
                "rule delete --help",
                "role add --help",
                "role list --help",
                "role remove --help"
            })
    void helpNeedsNoDatabase(String line) {
        List<String> words = List.of(line.split(" "));
        ByteArrayOutputStream out = new ByteArrayOutputStream();

        int status = Commands.run(
                words,
                () -> {
                    throw new AssertionError("asked for the configuration");
                },
                new PrintStream(out, true, StandardCharsets.UTF_8),
                System.err);

        assertThat(Commands.know(words)).isTrue();
        assertThat(status).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).containsAnyOf("Usage: ", "Commands:");
    }

    @Test
    void otherArgumentsAreNoCommands() {
        assertThat(List.of(List.<String>of(), List.of("migrate"), List.of("serve"), List.of("tokens")))
                .noneMatch(Commands::know);
    }

    @Test
    void wrongConfigurationIsNamed() {
        assertThat(run(without("trunkline.database.owner.username"), "token", "list"))
                .satisfies(ended -> assertThat(ended.status()).isEqualTo(78))
                .satisfies(ended -> assertThat(ended.notes()).contains("TRUNKLINE_DATABASE_OWNER_USERNAME"));
        assertThat(run(with("trunkline.database.owner.password", "wrong-password"), "token", "list"))
                .satisfies(ended -> assertThat(ended.status()).isEqualTo(78))
                .satisfies(ended ->
                        assertThat(ended.notes()).contains("trunkline_owner").doesNotContain("wrong-password"));
        assertThat(run(with("trunkline.database.url", "jdbc:postgresql://127.0.0.1:1/none"), "token", "list"))
                .satisfies(ended -> assertThat(ended.status()).isEqualTo(1))
                .satisfies(ended -> assertThat(ended.notes()).contains("cannot be reached"));
    }

    @Test
    void schemaThatIsMissingAndARoleThatDoesNotOwnItAreNamed() {
        asSuperuser("CREATE DATABASE trunkline_empty OWNER trunkline_owner");
        try {
            Map<String, String> empty = with(
                    "trunkline.database.url",
                    requireNonNull(settings.get("trunkline.database.url"))
                            .replaceFirst("/[^/?]+$", "/trunkline_empty"));

            assertThat(run(empty, "token", "list"))
                    .satisfies(ended -> assertThat(ended.status()).isEqualTo(1))
                    .satisfies(ended -> assertThat(ended.notes()).contains("run the command migrate"));
        } finally {
            asSuperuser("DROP DATABASE trunkline_empty WITH (FORCE)");
        }
        Map<String, String> service = new HashMap<>(settings);
        service.put("trunkline.database.owner.username", requireNonNull(settings.get("trunkline.database.username")));
        service.put("trunkline.database.owner.password", requireNonNull(settings.get("trunkline.database.password")));
        assertThat(run(service, "token", "create", "--principal", "p", "--expires", "never"))
                .satisfies(ended -> assertThat(ended.status()).isEqualTo(1))
                .satisfies(ended -> assertThat(ended.result()).isEmpty())
                .satisfies(ended -> assertThat(ended.notes()).contains("owned by another role"));
    }

    @Test
    void directoryWithoutDataIsNotSetUp(@TempDir Path directory) {
        Path none = directory.resolve("none");

        Ended ended = run(Map.of("trunkline.embedded.data-directory", none.toString()), "token", "list");

        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.notes()).contains("There is no data of Trunkline in " + none);
        assertThat(none).doesNotExist();
    }

    private String create(String... options) {
        String[] words = new String[options.length + 2];
        words[0] = "token";
        words[1] = "create";
        System.arraycopy(options, 0, words, 2, options.length);
        Ended created = run(words);
        assertThat(created.status()).as(created.notes()).isZero();
        return created.result().strip();
    }

    private static String id(String token) {
        return ApiToken.parse(token).orElseThrow().id();
    }

    private Map<String, String> without(String key) {
        Map<String, String> changed = new HashMap<>(settings);
        changed.remove(key);
        return changed;
    }

    private Map<String, String> with(String key, String value) {
        Map<String, String> changed = new HashMap<>(settings);
        changed.put(key, value);
        return changed;
    }

    private Ended run(String... words) {
        return run(settings, words);
    }

    private static Ended run(Map<String, String> settings, String... words) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        assertThat(Commands.know(List.of(words))).isTrue();
        int status = Commands.run(
                List.of(words),
                () -> new SmallRyeConfigBuilder()
                        .addDiscoveredConverters()
                        .withMapping(DatabaseConfig.class)
                        .withMapping(EmbeddedConfig.class)
                        .withSources(new PropertiesConfigSource(settings, "test", 500))
                        .build(),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Ended(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private static String one(String query) {
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void asOwner(String sql) {
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void asSuperuser(String sql) {
        try (Connection superuser = TestDatabase.asSuperuser();
                Statement statement = superuser.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
