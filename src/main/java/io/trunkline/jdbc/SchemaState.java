package io.trunkline.jdbc;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** What the start has found out about the schema. */
@ApplicationScoped
public class SchemaState {
    private volatile Optional<String> version = Optional.empty();

    void checked(String found) {
        version = Optional.of(found);
    }

    /** The version of the last migration, once the start has found the server, the schema and the rights to be good. */
    public Optional<String> version() {
        return version;
    }
}
