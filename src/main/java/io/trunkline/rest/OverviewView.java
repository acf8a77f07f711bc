package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.jdbc.DatabaseStatistics;
import io.trunkline.overview.Alert;
import io.trunkline.overview.Overview;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** The installation in short. */
@RegisterForReflection
@Schema(name = "Overview")
record OverviewView(
        @Schema(description = "The name of the software.") String name,
        String version,

        @Schema(description = "What the replica is called that says this.")
        String replica,

        @JsonProperty("started_at") @Schema(description = "When this replica started.")
        String startedAt,

        @JsonProperty("looked_at")
        @Schema(nullable = true, description = "When topics and groups were looked up; null before the first time.")
        @Nullable
        String lookedAt,

        @Schema(description = "Those that are connected to PostgreSQL.")
        List<Replica> replicas,

        @Schema(description = "How many, of those that the caller may see; the same holds for the sums.")
        int topics,

        int partitions,

        @Schema(nullable = true, description = "That can be read; null where it is not known.") @Nullable
        Long records,

        @JsonProperty("size_bytes")
        @Schema(nullable = true, description = "Of these records, before PostgreSQL compresses them.")
        @Nullable
        Long sizeBytes,

        @JsonProperty("disk_bytes")
        @Schema(nullable = true, description = "Of tables and indexes: the share of the topics, estimated.")
        @Nullable
        Long diskBytes,

        Groups groups,
        Retention retention,
        Database database,

        @Schema(
                description =
                        "What the alerts of the Helm chart would say, as far as this replica can judge by what it knows now, and"
                                + " without waiting for it to last.")
        List<AlertView> alerts) {
    private static final String RUNBOOKS = "docs/runbooks.md#";

    /** A replica as PostgreSQL sees it. */
    @RegisterForReflection
    @Schema(name = "ReplicaState")
    record Replica(
            String replica,

            @Schema(nullable = true, description = "Where it connects from, which may be a pooler.") @Nullable
            String address) {
        static Replica of(DatabaseStatistics.Replica replica) {
            return new Replica(replica.id(), replica.address().orElse(null));
        }
    }

    /** All groups together. */
    @RegisterForReflection
    @Schema(name = "GroupsSummary")
    record Groups(
            int count,
            @JsonProperty("without_members") int withoutMembers,

            @Schema(description = "At most ten, those that are most behind first.")
            List<GroupStatesView.Group> worst) {}

    /** The purge. */
    @RegisterForReflection
    @Schema(name = "RetentionState")
    record Retention(
            @JsonProperty("last_success_at")
            @Schema(nullable = true, description = "When a purge by any replica succeeded last.")
            @Nullable
            String lastSuccessAt) {}

    /** PostgreSQL. */
    @RegisterForReflection
    @Schema(name = "DatabaseState", description = "PostgreSQL. What is not known is null.")
    record Database(
            @Schema(description = "Whether it answered this replica last.")
            boolean up,

            @Schema(nullable = true, description = "Whether it takes records.") @Nullable
            Boolean writable,

            @Schema(nullable = true, description = "Whether acknowledged records survive a crash.") @Nullable
            Boolean durable,

            @Schema(nullable = true) @Nullable String version,

            @JsonProperty("size_bytes") @Schema(nullable = true) @Nullable
            Long sizeBytes,

            @JsonProperty("disk_bytes")
            @Schema(nullable = true, description = "Of its disk, where trunkline.database.disk-size is set.")
            @Nullable
            Long diskBytes,

            @Schema(nullable = true, description = "To the server, of everybody.") @Nullable
            Long connections,

            @JsonProperty("max_connections") @Schema(nullable = true) @Nullable
            Long maxConnections,

            @JsonProperty("oldest_transaction_seconds")
            @Schema(nullable = true, description = "How long it has been open, as far as the service can see.")
            @Nullable
            Double oldestTransactionSeconds) {
        static Database of(Overview.Database database) {
            return new Database(
                    database.up(),
                    database.writable().orElse(null),
                    database.durable().orElse(null),
                    database.version().orElse(null),
                    Unknowns.number(database.sizeBytes()),
                    Unknowns.number(database.diskBytes()),
                    Unknowns.number(database.connections()),
                    Unknowns.number(database.maxConnections()),
                    Unknowns.number(database.oldestTransactionSeconds()));
        }
    }

    /** An alert. */
    @RegisterForReflection
    @Schema(name = "Alert")
    record AlertView(
            String name,

            @Schema(enumeration = {"warning", "critical"}) String severity,

            String summary,

            @Schema(description = "Where it is told what to do.")
            String runbook) {
        static AlertView of(Alert alert) {
            return new AlertView(
                    alert.text(),
                    alert.severity().name().toLowerCase(Locale.ROOT),
                    alert.summary(),
                    RUNBOOKS + alert.text().toLowerCase(Locale.ROOT));
        }
    }

    static OverviewView of(Overview overview, String version) {
        Optional<Instant> purge = overview.lastPurge();
        return new OverviewView(
                "Trunkline",
                version,
                overview.replica(),
                overview.startedAt().toString(),
                Unknowns.time(overview.lookedAt()),
                overview.replicas().stream().map(Replica::of).toList(),
                overview.topics().topics(),
                overview.topics().partitions(),
                Unknowns.number(overview.topics().records()),
                Unknowns.number(overview.topics().bytes()),
                Unknowns.number(overview.topics().diskBytes()),
                new Groups(
                        overview.groups().count(),
                        overview.groups().withoutMembers(),
                        overview.groups().worst().stream()
                                .map(GroupStatesView.Group::of)
                                .toList()),
                new Retention(Unknowns.time(purge)),
                Database.of(overview.database()),
                overview.alerts().stream().map(AlertView::of).toList());
    }
}
