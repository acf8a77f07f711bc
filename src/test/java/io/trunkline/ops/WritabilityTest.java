package io.trunkline.ops;

import static io.trunkline.testing.TestDatabase.execute;
import static io.trunkline.testing.TestDatabase.number;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServerSettings;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A PostgreSQL that answers, and takes no records or does not keep them: readiness, the metrics and the errors say so. */
@QuarkusTest
class WritabilityTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private String topic = "";
    private final List<AutoCloseable> undo = new ArrayList<>();

    @BeforeEach
    void clientsAndATopic() {
        topic = api.newTopic(1);
        assertThat(produce().status()).isEqualTo(200);
    }

    @AfterEach
    void mend() throws Exception {
        for (AutoCloseable each : undo.reversed()) {
            each.close();
        }
        Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(ops.get("/ready").status()).isEqualTo(200);
            assertThat(produce().status()).isEqualTo(200);
        });
        awaitMetric("trunkline_database_writable", 1);
        awaitMetric("trunkline_database_durable", 1);
    }

    /** Nobody writes: readiness finds out by itself. */
    @Test
    void readOnlyServerTakesNoRecords() throws Exception {
        undo.add(ServerSettings.ofServer("default_transaction_read_only", "on"));

        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(ops.get("/ready").body()).contains("DATABASE_READ_ONLY"));

        Api.Answer refused = produce();
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.code()).isEqualTo("DATABASE_READ_ONLY");
        assertThat(refused.body()).contains("read-only").doesNotContain("reached");
        assertThat(refused.header("Retry-After")).isNotEmpty();
        assertThat(api.readAll(topic, 0, 0, Api.JSON)).isNotEmpty();
        assertStaysUnready("DATABASE_READ_ONLY");
        awaitMetric("trunkline_database_writable", 0);
        awaitMetric("trunkline_database_up", 1);
    }

    /** The state that PostgreSQL fails with where its disk is full is raised by triggers, since no disk can be filled here. */
    @Test
    void fullDiskTakesNoRecords() throws Exception {
        String full = "CREATE FUNCTION trunkline.test_full() RETURNS trigger LANGUAGE plpgsql AS"
                + " $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$";
        execute(full);
        undo.add(() -> execute("DROP FUNCTION trunkline.test_full CASCADE"));
        execute("CREATE TRIGGER test_full BEFORE INSERT ON trunkline.log_batch FOR EACH ROW EXECUTE FUNCTION"
                + " trunkline.test_full()");
        execute("CREATE TRIGGER test_full BEFORE INSERT ON trunkline.write_probe FOR EACH ROW EXECUTE FUNCTION"
                + " trunkline.test_full()");

        Api.Answer refused = produce();

        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.code()).isEqualTo("STORAGE_FULL");
        assertThat(refused.body()).contains("disk is full");
        assertStaysUnready("STORAGE_FULL");
    }

    @Test
    void rightThatWasTakenAwayIsNamed() throws Exception {
        String function = "trunkline.append_" + currentSlice();
        execute("REVOKE EXECUTE ON FUNCTION " + function + " FROM trunkline_app");
        undo.add(() -> execute("GRANT EXECUTE ON FUNCTION " + function + " TO trunkline_app"));

        Api.Answer refused = produce();

        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.code()).isEqualTo("DATABASE_PERMISSION_MISSING");
        assertThat(refused.body()).contains("lacks a right").doesNotContain(function);
        assertStaysUnready("DATABASE_PERMISSION_MISSING");
    }

    @ParameterizedTest
    @ValueSource(strings = {"TABLE", "FUNCTION"})
    void sliceThatIsMissingIsNamed(String kind) throws Exception {
        String name = "trunkline." + (kind.equals("TABLE") ? "log_batch_" : "append_") + currentSlice();
        String renamed = "test_away";
        execute("ALTER " + kind + " " + name + " RENAME TO " + renamed);
        undo.add(() -> execute(
                "ALTER " + kind + " trunkline." + renamed + " RENAME TO " + name.substring("trunkline.".length())));

        Api.Answer refused = produce();

        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.code()).isEqualTo("SLICE_MISSING");
        assertStaysUnready("SLICE_MISSING");
    }

    @ParameterizedTest
    @ValueSource(strings = {"fsync", "full_page_writes"})
    void settingUnderWhichRecordsCanBeLostMakesUnready(String setting) throws Exception {
        undo.add(ServerSettings.ofServer(setting, "off"));

        Api.Answer unready = ops.get("/ready");

        assertThat(unready.status()).isEqualTo(500);
        assertThat(check(unready, "durability").path("status").asText()).isEqualTo("DOWN");
        assertThat(check(unready, "durability").path("data").path(setting).asText())
                .isEqualTo("off");
        assertThat(check(unready, "database").path("status").asText()).isEqualTo("UP");
        awaitMetric("trunkline_database_durable", 0);
        assertThat(ops.get("/healthy").status()).isEqualTo(200);
    }

    /** A try writes nothing that stays, and one that is committed by somebody else fails. */
    @Test
    void tryLeavesNothingBehind() throws Exception {
        String offsets = api.get("/topics/" + topic + "/partitions/0/offsets").body();
        awaitMetric("trunkline_database_writable", 1);

        assertThat(api.get("/topics/" + topic + "/partitions/0/offsets").body()).isEqualTo(offsets);
        assertThat(number("SELECT count(*) FROM trunkline.write_probe")).isZero();
        try (Connection application = TestDatabase.asApplication();
                Statement statement = application.createStatement()) {
            org.assertj.core.api.Assertions.assertThatThrownBy(
                            () -> statement.execute("INSERT INTO trunkline.write_probe (filler) VALUES ('x')"))
                    .isInstanceOf(SQLException.class);
        }
        assertThat(number("SELECT count(*) FROM trunkline.write_probe")).isZero();
    }

    private Api.Answer produce() {
        return api.post("/topics/" + topic, Api.JSON, "{\"records\":[{\"value\":1}]}");
    }

    /** Unready at once by what the append has seen, and later by what a try sees. */
    private void assertStaysUnready(String code) {
        Awaitility.await()
                .during(Duration.ofMillis(1500))
                .atMost(PATIENCE)
                .failFast(() -> assertUnready(code))
                .until(() -> true);
    }

    private void assertUnready(String code) {
        Api.Answer ready = ops.get("/ready");
        assertThat(ready.status()).as(ready.body()).isEqualTo(500);
        JsonNode check = check(ready, "writes");
        assertThat(check.path("status").asText()).isEqualTo("DOWN");
        assertThat(check.path("data").path("code").asText()).isEqualTo(code);
        assertThat(check.path("data").path("reason").asText()).isNotEmpty();
        assertThat(check(ready, "database").path("status").asText()).isEqualTo("UP");
    }

    private void awaitMetric(String name, double value) {
        Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
            ops.get("/ready");
            assertThat(ops.get("/metrics", "text/plain").body().lines())
                    .anySatisfy(line -> assertThat(line).isEqualTo(name + " " + value));
        });
    }

    private static JsonNode check(Api.Answer answer, String name) {
        for (JsonNode check : answer.json().path("checks")) {
            if (check.path("name").asText().equals(name)) {
                return check;
            }
        }
        throw new AssertionError("no check " + name + " in " + answer.body());
    }

    private static int currentSlice() throws SQLException {
        return (int) number("SELECT trunkline.current_slice()");
    }
}
