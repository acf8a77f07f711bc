package io.trunkline.jdbc;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/** Asks PostgreSQL for a sign of life, and for the settings on which durability rests. */
@ApplicationScoped
public class DatabasePing {
    private static final String UNSAFE_SETTINGS = """
            SELECT s.name, current_setting(s.name)
              FROM unnest(ARRAY['fsync', 'full_page_writes', 'synchronous_commit']) AS s (name)
             WHERE current_setting(s.name) = 'off'
                OR (current_setting(s.name) = 'local' AND current_setting('synchronous_standby_names') <> '')
            """;

    private final Database database;

    DatabasePing(Database database) {
        this.database = database;
    }

    /** A setting of the server, as the service's connections have it. */
    public record Setting(String name, String value) {}

    /**
     * The settings under which acknowledged records could be lost; none where all is well. Fails with
     * {@code DATABASE_UNAVAILABLE} when PostgreSQL does not answer.
     */
    public List<Setting> unsafeSettings() {
        return database.read(new Sql(UNSAFE_SETTINGS).list(row -> new Setting(row.getString(1), row.getString(2))));
    }
}
