package io.trunkline.overview;

import io.trunkline.overview.DatabaseLooks.Found;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/** Which alerts hold by what is known now. What is not known is no reason for an alert. */
final class Alerts {
    private Alerts() {}

    /**
     * What is known.
     *
     * @param database empty where PostgreSQL does not answer
     * @param slicesAhead empty before the first look
     * @param lagWithoutMembers the largest lag of a group without members
     */
    record Known(
            Optional<Found> database,
            DatabaseLooks.Health health,
            OptionalLong diskBytes,
            OptionalInt slicesAhead,
            Optional<Instant> lastPurge,
            Instant startedAt,
            long lagWithoutMembers) {}

    /** The worst first, otherwise in the order of the file. */
    static List<Alert> of(Known known, Instant now) {
        Set<Alert> alerts = EnumSet.noneOf(Alert.class);
        if (known.health().writable().filter(writable -> !writable).isPresent()) {
            alerts.add(Alert.NOT_WRITABLE);
        }
        if (known.health().durable().filter(durable -> !durable).isPresent()) {
            alerts.add(Alert.UNSAFE_SETTINGS);
        }
        if (known.lagWithoutMembers() > Alert.MOST_LAG) {
            alerts.add(Alert.GROUP_WITHOUT_MEMBERS);
        }
        Instant since = known.lastPurge().orElse(known.startedAt());
        if (Duration.between(since, now).compareTo(Duration.ofSeconds(Alert.MOST_WITHOUT_PURGE)) > 0) {
            alerts.add(Alert.PURGE_NOT_SUCCEEDING);
        }
        if (known.slicesAhead().orElse(Alert.LEAST_SLICES) < Alert.LEAST_SLICES) {
            alerts.add(Alert.SLICES_RUNNING_OUT);
        }
        known.database()
                .ifPresentOrElse(found -> add(alerts, found, known.diskBytes()), () -> alerts.add(Alert.DATABASE_AWAY));
        return alerts.stream()
                .sorted((a, b) -> b.severity().compareTo(a.severity()))
                .toList();
    }

    private static void add(Set<Alert> alerts, Found found, OptionalLong diskBytes) {
        if (found.oldestTransactionSeconds() > Alert.MOST_TRANSACTION) {
            alerts.add(Alert.OLD_TRANSACTION);
        }
        if (found.statistics().connections()
                > Alert.MOST_CONNECTIONS * found.statistics().maxConnections()) {
            alerts.add(Alert.CONNECTIONS_NEARLY_USED);
        }
        if (diskBytes.isPresent() && found.statistics().sizeBytes() > Alert.MOST_DISK * diskBytes.getAsLong()) {
            alerts.add(Alert.DISK_FILLING);
        }
    }
}
