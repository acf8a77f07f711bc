package io.trunkline.ops;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.log.LogConfig;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Set;
import java.util.TreeSet;
import org.eclipse.microprofile.config.Config;

/**
 * Refuses configuration that nothing reads, which is most often a typing error. Keys below the groups that exist are
 * checked by their own config interfaces.
 */
@ApplicationScoped
class ConfigCheck {
    private static final String PREFIX = "trunkline.";
    private static final Set<String> GROUPS = Set.of("database", "embedded", "http", "log", "topics");

    /** Connections beside those of appends and fetches: topics 4, locked partitions 2, wake-up, health, slices. */
    private static final int OTHER_CONNECTIONS = 9;

    private final Config config;
    private final DatabaseConfig database;
    private final LogConfig log;

    ConfigCheck(Config config, DatabaseConfig database, LogConfig log) {
        this.config = config;
        this.database = database;
        this.log = log;
    }

    void atStart(@Observes @Priority(50) StartupEvent event) {
        Set<String> unknown = new TreeSet<>();
        for (String name : config.getPropertyNames()) {
            if (name.startsWith(PREFIX)) {
                String rest = name.substring(PREFIX.length());
                int dot = rest.indexOf('.');
                if (!GROUPS.contains(dot < 0 ? rest : rest.substring(0, dot))) {
                    unknown.add(name);
                }
            }
        }
        if (!unknown.isEmpty()) {
            throw new ConfigurationException("Unknown configuration: " + String.join(", ", unknown)
                    + ". The groups are trunkline.database, .embedded, .http, .log and .topics.");
        }
        int needed = log.append().threads() + log.fetch().threads() + OTHER_CONNECTIONS;
        if (database.maxConnections() < needed) {
            throw new ConfigurationException("trunkline.database.max-connections is " + database.maxConnections()
                    + ", but trunkline.log.append.threads and trunkline.log.fetch.threads need " + needed + ".");
        }
    }
}
