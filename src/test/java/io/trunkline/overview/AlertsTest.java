package io.trunkline.overview;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.trunkline.jdbc.DatabaseStatistics.Statistics;
import io.trunkline.overview.DatabaseLooks.Found;
import io.trunkline.overview.DatabaseLooks.Health;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** What the alerts say, and that they are those of the chart. */
class AlertsTest {
    private static final Path FILE = Path.of("helm/trunkline/alerts/trunkline.yaml");
    private static final Instant START = Instant.ofEpochSecond(1_000_000);
    private static final Health WELL = new Health(Optional.of(true), Optional.of(true));

    @Test
    void alertsAreThoseOfTheChart() throws IOException {
        Map<String, JsonNode> rules = new HashMap<>();
        new YAMLMapper()
                .readTree(Files.readString(FILE))
                .findValues("rules")
                .forEach(list ->
                        list.forEach(rule -> rules.put(rule.path("alert").asText(), rule)));

        for (Alert alert : Alert.values()) {
            JsonNode rule = rules.getOrDefault(alert.text(), MissingNode.getInstance());
            assertThat(rule.at("/labels/severity").asText())
                    .isEqualTo(alert.severity().name().toLowerCase(Locale.ROOT));
            assertThat(rule.at("/annotations/summary").asText()).isEqualTo(alert.summary());
            assertThat(rule.at("/annotations/runbook_url").asText())
                    .endsWith("/docs/runbooks.md#" + alert.text().toLowerCase(Locale.ROOT));
            assertThat(rule.path("expr").asText().replaceAll("\\s+", " ")).contains(condition(alert));
        }
    }

    /** What stands in the rule where the code has the same threshold. */
    private static String condition(Alert alert) {
        return switch (alert) {
            case DATABASE_AWAY -> "trunkline_database_up{job=\"trunkline\"} == 0";
            case NOT_WRITABLE -> "trunkline_database_writable{job=\"trunkline\"} == 0";
            case UNSAFE_SETTINGS -> "(trunkline_database_durable{job=\"trunkline\"}) == 0";
            case GROUP_WITHOUT_MEMBERS -> "> " + Alert.MOST_LAG + " # threshold and on";
            case PURGE_NOT_SUCCEEDING ->
                "last_success_timestamp_seconds{job=\"trunkline\"}) > " + Alert.MOST_WITHOUT_PURGE
                        + " # threshold or (max by (job, namespace) (time() - process_start_time_seconds{job=\"trunkline\"}) > "
                        + Alert.MOST_WITHOUT_PURGE + " # threshold";
            case SLICES_RUNNING_OUT ->
                "(trunkline_slices_ahead{job=\"trunkline\"}) < " + Alert.LEAST_SLICES + " # threshold";
            case OLD_TRANSACTION ->
                "(trunkline_database_oldest_transaction_seconds{job=\"trunkline\"}) > " + Alert.MOST_TRANSACTION
                        + " # threshold";
            case CONNECTIONS_NEARLY_USED ->
                "(trunkline_database_max_connections{job=\"trunkline\"}) > " + Alert.MOST_CONNECTIONS + " # threshold";
            case DISK_FILLING -> "> " + Alert.MOST_DISK + " # threshold * max";
        };
    }

    @Test
    void nothingIsWrongWhereAllIsWell() {
        assertThat(alerts(known(found(10, 100, 1, 0)), 60)).isEmpty();
    }

    @Test
    void whatIsNotKnownIsNoReason() {
        Alerts.Known known = new Alerts.Known(
                Optional.of(found(10, 100, 1_000_000, Double.NaN)),
                new Health(Optional.empty(), Optional.empty()),
                OptionalLong.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                START,
                0);

        assertThat(alerts(known, 60)).isEmpty();
    }

    @Test
    void eachConditionHasItsAlertAndTheWorstComeFirst() {
        Alerts.Known known = new Alerts.Known(
                Optional.of(found(91, 100, 86, 3_601)),
                new Health(Optional.of(false), Optional.of(false)),
                OptionalLong.of(100),
                OptionalInt.of(0),
                Optional.of(START),
                START,
                1_001);

        assertThat(alerts(known, 1_801))
                .containsExactly(
                        Alert.NOT_WRITABLE,
                        Alert.UNSAFE_SETTINGS,
                        Alert.DISK_FILLING,
                        Alert.GROUP_WITHOUT_MEMBERS,
                        Alert.PURGE_NOT_SUCCEEDING,
                        Alert.SLICES_RUNNING_OUT,
                        Alert.OLD_TRANSACTION,
                        Alert.CONNECTIONS_NEARLY_USED);
    }

    @Test
    void thresholdsThemselvesAreNoReason() {
        Alerts.Known known = new Alerts.Known(
                Optional.of(found(90, 100, 85, 3_600)),
                WELL,
                OptionalLong.of(100),
                OptionalInt.of(1),
                Optional.of(START),
                START,
                1_000);

        assertThat(alerts(known, 1_800)).isEmpty();
    }

    @Test
    void databaseThatIsAwayIsTheOnlyAlertAboutIt() {
        Alerts.Known known = new Alerts.Known(
                Optional.empty(),
                new Health(Optional.empty(), Optional.empty()),
                OptionalLong.of(1),
                OptionalInt.of(2),
                Optional.of(START),
                START,
                0);

        assertThat(alerts(known, 60)).containsExactly(Alert.DATABASE_AWAY);
    }

    @Test
    void replicaThatHasNotSeenAPurgeForLongSaysSo() {
        Alerts.Known known = new Alerts.Known(
                Optional.of(found(10, 100, 1, 0)),
                WELL,
                OptionalLong.empty(),
                OptionalInt.of(1),
                Optional.empty(),
                START,
                0);

        assertThat(alerts(known, 1_800)).isEmpty();
        assertThat(alerts(known, 1_801)).containsExactly(Alert.PURGE_NOT_SUCCEEDING);
    }

    private static List<Alert> alerts(Alerts.Known known, long seconds) {
        return Alerts.of(known, START.plusSeconds(seconds));
    }

    private static Alerts.Known known(Found found) {
        return new Alerts.Known(
                Optional.of(found), WELL, OptionalLong.of(100), OptionalInt.of(2), Optional.of(START), START, 0);
    }

    private static Found found(int connections, int most, long size, double transaction) {
        return new Found(
                new Statistics(size, connections, most, 0, 0, 0, 0, 0, 0, 0, 0, 0, Instant.EPOCH), transaction);
    }
}
