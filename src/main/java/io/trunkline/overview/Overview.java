package io.trunkline.overview;

import io.trunkline.jdbc.DatabaseStatistics.Replica;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * The installation as this replica saw it last, as far as a caller may see it.
 *
 * @param startedAt when this replica started
 * @param lookedAt when what is told of topics and groups was looked up; empty before the first look
 * @param replicas those with connections to PostgreSQL, by id; this one is among them
 * @param lastPurge when a purge by any replica succeeded last
 */
public record Overview(
        String replica,
        Instant startedAt,
        Optional<Instant> lookedAt,
        List<Replica> replicas,
        TopicTotals topics,
        GroupTotals groups,
        Optional<Instant> lastPurge,
        Database database,
        List<Alert> alerts) {
    public Overview {
        replicas = List.copyOf(replicas);
        alerts = List.copyOf(alerts);
    }

    /**
     * All topics together.
     *
     * @param topics 0 before the first look, as are the partitions
     * @param records that can be read; empty before the first look, as are the bytes
     * @param bytes of these records, before PostgreSQL compresses them
     * @param diskBytes of tables and indexes, estimated
     */
    public record TopicTotals(
            int topics, int partitions, OptionalLong records, OptionalLong bytes, OptionalLong diskBytes) {}

    /** @param worst at most ten groups, those that are most behind first */
    public record GroupTotals(int count, int withoutMembers, List<GroupState> worst) {
        public GroupTotals {
            worst = List.copyOf(worst);
        }
    }

    /**
     * PostgreSQL. What is not known is empty.
     *
     * @param up whether it answered when it was asked last
     * @param diskBytes the size of its disk, where that is configured
     */
    public record Database(
            boolean up,
            Optional<Boolean> writable,
            Optional<Boolean> durable,
            Optional<String> version,
            OptionalLong sizeBytes,
            OptionalLong diskBytes,
            OptionalLong connections,
            OptionalLong maxConnections,
            OptionalDouble oldestTransactionSeconds) {}
}
