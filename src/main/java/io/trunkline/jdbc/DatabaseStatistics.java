package io.trunkline.jdbc;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;

/** What PostgreSQL tells of itself to a role without special rights. */
@ApplicationScoped
public class DatabaseStatistics {
    private static final String READ = """
            SELECT pg_database_size(d.datid),
                   (SELECT sum(numbackends) FROM pg_stat_database),
                   current_setting('max_connections')::int,
                   d.xact_commit, d.xact_rollback, d.blks_hit, d.blks_read, d.deadlocks,
                   pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, '0/0'),
                   greatest((SELECT max(extract(epoch FROM clock_timestamp() - a.xact_start))
                               FROM pg_stat_activity a
                              WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()),
                            (SELECT max(extract(epoch FROM clock_timestamp() - p.prepared)) FROM pg_prepared_xacts p),
                            0),
                   pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
                   pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
                   pg_postmaster_start_time()
              FROM pg_stat_database d
             WHERE d.datname = current_database()
            """;

    /** The role sees the names and addresses of its own connections, which are those of all replicas. */
    private static final String REPLICAS = """
            SELECT a.application_name, min(host(a.client_addr))
              FROM pg_stat_activity a
             WHERE a.datname = current_database()
               AND a.usename = current_user
               AND starts_with(a.application_name, ?)
             GROUP BY a.application_name
             ORDER BY a.application_name
             LIMIT 1000
            """;

    private static final String VERSION = """
            SELECT split_part(current_setting('server_version'), ' ', 1)
            """;

    private final Database database;

    DatabaseStatistics(Database database) {
        this.database = database;
    }

    /**
     * Counters are of this database, since the statistics were reset last; sizes are in bytes.
     *
     * @param connections of all databases of the server
     * @param oldestTransactionSeconds of those that the role may see: its own, prepared ones, and with
     *     {@code pg_read_all_stats} everybody's
     * @param oldestId the oldest transaction with an id that is under way, or the next id where none is
     * @param nextId the id that the next transaction will get
     * @param serverStart when the server started: counters of another start are not comparable
     */
    public record Statistics(
            long sizeBytes,
            int connections,
            int maxConnections,
            long commits,
            long rollbacks,
            long blocksHit,
            long blocksRead,
            long deadlocks,
            long walBytes,
            double oldestTransactionSeconds,
            long oldestId,
            long nextId,
            Instant serverStart) {}

    /** Fails with {@code DATABASE_UNAVAILABLE} when PostgreSQL does not answer. */
    public Statistics read() {
        return database.readAtLeisure(new Sql(READ)
                .one(row -> new Statistics(
                        row.getLong(1),
                        row.getInt(2),
                        row.getInt(3),
                        row.getLong(4),
                        row.getLong(5),
                        row.getLong(6),
                        row.getLong(7),
                        row.getLong(8),
                        row.getLong(9),
                        row.getDouble(10),
                        row.getLong(11),
                        row.getLong(12),
                        row.getObject(13, OffsetDateTime.class).toInstant())));
    }

    /**
     * A replica that has connections.
     *
     * @param id as {@link ReplicaId} has it
     * @param address as PostgreSQL sees it, which may be that of a pooler; empty for a connection through a socket of the file system
     */
    public record Replica(String id, Optional<String> address) {}

    /** The replicas with connections to this database, by id, at most 1,000. Fails with {@code DATABASE_UNAVAILABLE}. */
    public List<Replica> replicas() {
        return database.readAtLeisure(new Sql(REPLICAS, ReplicaId.APPLICATION)
                .list(row -> new Replica(
                        row.getString(1).substring(ReplicaId.APPLICATION.length()),
                        Optional.ofNullable(row.getString(2)))));
    }

    /** The version of the server, such as {@code 18.1}. Fails with {@code DATABASE_UNAVAILABLE}. */
    public String version() {
        return database.readAtLeisure(new Sql(VERSION).one(row -> row.getString(1)));
    }
}
