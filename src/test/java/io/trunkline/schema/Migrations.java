package io.trunkline.schema;

import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.jdbc.DatabaseUrl;
import io.trunkline.jdbc.Databases;
import java.util.Map;
import org.flywaydb.core.Flyway;

/** Migrates without the service. */
public final class Migrations {
    private Migrations() {}

    /** Looks at a database as a start of the service with these settings does, and migrates it where they name its owner. */
    static Migration.Outcome attempt(Map<String, String> settings) {
        Flyway template = Flyway.configure().ignoreMigrationPatterns("*:future").load();
        DatabaseConfig config = Databases.config(settings);
        return new Migration(config, template)
                .attempt(DatabaseUrl.parse(config.url().orElseThrow()));
    }

    /** Brings the schema up to date, as a service with these settings would. */
    public static void migrate(Map<String, String> settings) {
        Migration.Outcome outcome = attempt(settings);
        if (!(outcome instanceof Migration.Outcome.Good)) {
            throw new IllegalStateException(outcome.toString());
        }
    }
}
