package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;

/** Something that keeps the system busy for a {@link Window}. */
interface Load extends AutoCloseable {
    /** Gets ready, and begins when the window does. */
    void start(Window window) throws IOException, SQLException;

    /** Fails when the load has failed. Cheap; called while it runs. */
    void check();

    /** Sends nothing more, waits for what is under way, and answers what was done. */
    Meter finish();

    @Override
    void close();
}
