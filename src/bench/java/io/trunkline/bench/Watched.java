package io.trunkline.bench;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** A load, and what PostgreSQL wrote and how many threads the service had in its measured time. */
final class Watched implements Load {
    private final Stage stage;
    private final Load load;
    private @Nullable Connection connection;
    private @Nullable Window window;
    private @Nullable Writes before;
    private @Nullable Writes written;
    private long mostThreads;

    Watched(Stage stage, Load load) {
        this.stage = stage;
        this.load = load;
    }

    @Override
    public void start(Window newWindow) throws IOException, SQLException {
        connection = stage.postgres().owner();
        Writes.until(connection); // so that the first look that counts reads nothing for the first time
        window = newWindow;
        load.start(newWindow);
    }

    @Override
    public void check() {
        load.check();
        Window started = window;
        if (started == null || System.nanoTime() - started.from() < 0) {
            return;
        }
        mostThreads = Math.max(mostThreads, stage.serviceThreads());
        if (before == null) {
            before = look();
        } else if (written == null && System.nanoTime() - started.to() >= 0) {
            written = look().since(before);
        }
    }

    /** Waits, if anything was written, until it is known in which tables, before the load does anything more. */
    @Override
    public Meter finish() {
        Writes inTime = written();
        if (before != null && inTime.transactions() > 0) {
            Window.await(System.nanoTime() + Writes.DELAY_SECONDS * 1_000_000_000L, load::check);
            written = new Writes(
                    inTime.transactions(),
                    inTime.walBytes(),
                    look().since(before).rows());
        }
        return load.finish();
    }

    private Writes look() {
        Connection open = connection;
        if (open == null) {
            throw new IllegalStateException("not started");
        }
        try {
            return Writes.until(open);
        } catch (SQLException e) {
            throw new IllegalStateException("cannot see what was written", e);
        }
    }

    /** After the end of the window. */
    Writes written() {
        Writes known = written;
        if (known == null) {
            throw new IllegalStateException("the window has not ended");
        }
        return known;
    }

    /** The most threads that the service was seen with, or less than 1 where the system does not tell. */
    long mostThreads() {
        return mostThreads;
    }

    @Override
    public void close() {
        load.close();
        Connection open = connection;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
