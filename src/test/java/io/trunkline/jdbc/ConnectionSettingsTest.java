package io.trunkline.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.agroal.api.AgroalDataSource;
import io.agroal.api.AgroalDataSource.FlushMode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServerSettings;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The service's connections, whatever an operator sets as the default of its role, the database or the server. */
@QuarkusTest
class ConnectionSettingsTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Inject
    AgroalDataSource dataSource;

    private final List<AutoCloseable> undo = new ArrayList<>();

    @AfterEach
    void reset() throws Exception {
        for (AutoCloseable each : undo.reversed()) {
            each.close();
        }
        renewConnections();
    }

    @ParameterizedTest
    @CsvSource({"off, on", "local, on", "on, on", "remote_write, remote_write", "remote_apply, remote_apply"})
    void commitsAreSynchronousWhateverTheRoleHas(String ofTheRole, String expected) throws Exception {
        String topic = api.newTopic(1);
        undo.add(ServerSettings.ofRole("synchronous_commit", ofTheRole));

        renewConnections();

        produce(topic);
        assertThat(settings("synchronous_commit")).containsOnly(expected);
    }

    @Test
    void commitsStaySynchronousWhenTheServersSettingChanges() throws Exception {
        String topic = api.newTopic(1);
        produce(topic);
        undo.add(ServerSettings.ofServer("synchronous_commit", "off"));

        produce(topic);

        assertThat(settings("synchronous_commit")).containsOnly("on");
    }

    /** Positions are committed without waiting for the disk; the next append of the connection is not. */
    @Test
    void positionsLeaveTheirConnectionSynchronous() throws Exception {
        String topic = api.newTopic(1);
        produce(topic);
        String consumer = api.newConsumer("settings", "{\"format\":\"json\",\"auto.offset.reset\":\"earliest\"}");
        api.post(consumer + "/subscription", Api.CONTROL, "{\"topics\":[\"" + topic + "\"]}");

        assertThat(api.get(consumer + "/records?timeout=5000", Api.JSON).json()).hasSize(1);
        api.get(consumer + "/records?timeout=10", Api.JSON);

        assertThat(settings("synchronous_commit")).containsOnly("on");
    }

    @Test
    void defaultsOfTheRoleDoNotCount() throws Exception {
        String topic = api.newTopic(1);
        Map<String, String> ofTheRole = Map.of(
                "default_transaction_isolation", "serializable",
                "default_transaction_deferrable", "on",
                "statement_timeout", "500",
                "lock_timeout", "1",
                "search_path", "public",
                "idle_in_transaction_session_timeout", "1",
                "idle_session_timeout", "1s");
        for (Map.Entry<String, String> setting : ofTheRole.entrySet()) {
            undo.add(ServerSettings.ofRole(setting.getKey(), setting.getValue()));
        }

        renewConnections();

        produce(topic);
        produce(api.newTopic(1));
        assertThat(api.readAll(topic, 0, 0, Api.JSON)).hasSize(1);
        assertThat(settings("default_transaction_isolation")).containsOnly("read committed");
        assertThat(settings("default_transaction_deferrable")).containsOnly("off");
        assertThat(settings("statement_timeout")).containsOnly("9s");
        assertThat(settings("lock_timeout")).containsOnly("4s");
        assertThat(settings("idle_in_transaction_session_timeout")).containsOnly("1min");
        assertThat(settings("idle_session_timeout")).containsOnly("0");
        assertThat(settings("search_path")).containsOnly("trunkline, pg_temp");
    }

    private void produce(String topic) {
        Api.Answer answer = api.post("/topics/" + topic, Api.JSON, "{\"records\":[{\"value\":1}]}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    }

    /** Lets the pool close its connections, so that what is used from now on has the role's defaults of now. */
    private void renewConnections() throws SQLException {
        try (Connection superuser = TestDatabase.asSuperuser();
                PreparedStatement old = superuser.prepareStatement(
                        "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'trunkline%' AND backend_start < ?");
                Statement statement = superuser.createStatement();
                ResultSet now = statement.executeQuery("SELECT clock_timestamp()")) {
            now.next();
            old.setObject(1, now.getObject(1, OffsetDateTime.class));
            dataSource.flush(FlushMode.GRACEFUL);
            Awaitility.await().atMost(PATIENCE).until(() -> {
                try (ResultSet left = old.executeQuery()) {
                    left.next();
                    return left.getInt(1) == 0;
                }
            });
        }
    }

    /** A setting as several connections of the pool have it. */
    private List<String> settings(String name) throws SQLException {
        List<String> values = new ArrayList<>();
        List<Connection> taken = new ArrayList<>();
        try {
            for (int i = 0; i < 5; i++) {
                Connection connection = dataSource.getConnection();
                taken.add(connection);
                try (Statement statement = connection.createStatement();
                        ResultSet row = statement.executeQuery("SHOW " + name)) {
                    row.next();
                    values.add(row.getString(1));
                }
            }
        } finally {
            for (Connection connection : taken) {
                connection.close();
            }
        }
        return values;
    }
}
