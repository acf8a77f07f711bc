package io.trunkline.jdbc;

import jakarta.enterprise.context.ApplicationScoped;

/** Asks PostgreSQL for a sign of life. */
@ApplicationScoped
public class DatabasePing {
    private static final String PING = "SELECT 1";

    private final Database database;

    DatabasePing(Database database) {
        this.database = database;
    }

    /** Answers true when PostgreSQL did; fails with {@code DATABASE_UNAVAILABLE} otherwise. */
    public boolean ping() {
        return database.read(connection -> {
            try (var statement = connection.createStatement();
                    var row = statement.executeQuery(PING)) {
                return row.next();
            }
        });
    }
}
