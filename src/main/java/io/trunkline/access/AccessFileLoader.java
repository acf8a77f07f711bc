package io.trunkline.access;

import io.quarkus.runtime.StartupEvent;
import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.schema.DatabaseReady;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.sql.SQLException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Applies the file of {@code trunkline.access.file} at a start that has the owner's credentials, such as the command
 * {@code migrate}. A file that is wrong ends the start before the schema is touched.
 */
@ApplicationScoped
class AccessFileLoader {
    private static final Logger LOG = Logger.getLogger(AccessFileLoader.class);

    private final AccessConfig config;
    private final DatabaseConfig database;
    private final AccessFileStore store;
    private volatile @Nullable AccessFile file;

    AccessFileLoader(AccessConfig config, DatabaseConfig database, AccessFileStore store) {
        this.config = config;
        this.database = database;
        this.store = store;
    }

    /** Before the database is looked at. */
    void atStart(@Observes @Priority(60) StartupEvent event) {
        if (config.file().isEmpty()) {
            return;
        }
        if (database.owner().username().isEmpty()) {
            LOG.warnf(
                    "trunkline.access.file is not applied by a start without trunkline.database.owner.username file=%s",
                    config.file().get());
            return;
        }
        file = AccessFile.read(config.file().get());
    }

    void atReady(@Observes @Priority(1) DatabaseReady event) {
        AccessFile read = file;
        if (read == null) {
            return;
        }
        try {
            AccessFileStore.Change change = store.replaceBy(read);
            LOG.infof(
                    "Roles and rules of the file were applied file=%s rolesAdded=%d rolesRemoved=%d rulesAdded=%d rulesRemoved=%d",
                    config.file().orElseThrow(),
                    change.rolesAdded(),
                    change.rolesRemoved(),
                    change.rulesAdded(),
                    change.rulesRemoved());
        } catch (SQLException e) {
            throw new IllegalStateException(
                    "The file of trunkline.access.file could not be applied, and nothing was changed: "
                            + e.getMessage(),
                    e);
        }
    }
}
