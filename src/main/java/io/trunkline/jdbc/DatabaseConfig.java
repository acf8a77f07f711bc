package io.trunkline.jdbc;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import java.time.Duration;
import java.util.Optional;

/** Where the log is kept, and as whom. */
@ConfigMapping(prefix = "trunkline.database")
public interface DatabaseConfig {
    /** A role name that needs no quoting surprises; it is written into GRANT statements. */
    String ROLE_NAME = "[A-Za-z_][A-Za-z0-9_$.-]{0,62}";

    /** A schema name that needs no quotes. */
    String SCHEMA_NAME = "[a-z_][a-z0-9_]{0,40}";

    /**
     * JDBC URL of the PostgreSQL (15 or later) database, {@code jdbc:postgresql://host:5432/name}. Without it the service
     * starts a PostgreSQL of its own, which the images do not have.
     */
    Optional<String> url();

    /**
     * The role that the service runs as. It can read and append, and never change a record. It can remove records only by
     * deleting them or their topic, or by a topic's retention; these rights can be taken away.
     */
    @WithDefault("trunkline_app")
    @Pattern(regexp = ROLE_NAME)
    String username();

    /** The password of that role. */
    Optional<String> password();

    /** The role that owns the schema. */
    Owner owner();

    /**
     * The PostgreSQL schema that holds the log: a lower-case name of at most 41 letters, digits and underscores. The schema
     * belongs to Trunkline alone, so {@code public}, {@code information_schema} and names that begin with {@code pg_} are
     * refused. Services with the same schema are replicas of one another; installations with different schemas can share a
     * database.
     */
    @WithDefault("trunkline")
    @Pattern(regexp = SCHEMA_NAME)
    String schema();

    /**
     * Connections to PostgreSQL that a replica opens at most: not fewer than the append, fetch and consumer threads together
     * and 23 more.
     */
    @WithDefault("43")
    @Min(8)
    @Max(1000)
    int maxConnections();

    /**
     * The size of the disk that the database is on, which the service cannot see. It is told to Prometheus, for the alert
     * that the disk is filling.
     */
    Optional<MemorySize> diskSize();

    /**
     * How long PostgreSQL may take to answer a call, 2 to 60 seconds. It cancels a statement one second before; a connection
     * without an answer is closed then. A client gets a 503 at most 3 seconds later, also when its call waited in a queue.
     */
    @WithDefault("10s")
    Duration responseTimeout();

    /**
     * How long PostgreSQL may take for the service's own upkeep, at least the response timeout: purges, slices, sizes, lag and
     * statistics. No client waits for these.
     */
    @WithDefault("60s")
    Duration upkeepTimeout();

    /**
     * How long the command {@code migrate} may take. It waits that long for PostgreSQL, for locks and for other migrations, and
     * ends with status 1 when the time is over. The service itself waits as long as it takes.
     */
    @WithDefault("200s")
    Duration migrationTimeout();

    /**
     * The role that owns the schema. When given, the service brings the schema up to date at start-up and creates the
     * application role where it is missing; when not, a missing or old schema stops the start.
     */
    interface Owner {
        /**
         * The role that owns the schema. When given, the service brings the schema up to date at start-up and creates the
         * application role where it is missing; when not, a missing or old schema stops the start. It needs CREATE on the
         * database, and CREATEROLE where the application role is to be created.
         */
        Optional<@Pattern(regexp = ROLE_NAME) String> username();

        /** The owner's password. */
        Optional<String> password();
    }
}
