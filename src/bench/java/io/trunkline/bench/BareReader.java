package io.trunkline.bench;

import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The limit that fetch is compared with: the same pages over JDBC in binary, of which nothing but the size is looked at. */
final class BareReader implements Load {
    private static final int PATIENCE_SECONDS = 60;
    private static final int BYTES_BEFORE_COUNT = 12;

    private final Postgres postgres;
    private final LogTables.Place place;
    private final List<FetchLoop.Page> pages;
    private final CompletableFuture<Meter> done = new CompletableFuture<>();
    private volatile boolean stopping;

    BareReader(Postgres postgres, LogTables.Place place, List<FetchLoop.Page> pages) {
        this.postgres = postgres;
        this.place = place;
        this.pages = List.copyOf(pages);
    }

    @Override
    public void start(Window window) throws SQLException {
        Connection connection = postgres.owner();
        Thread thread = new Thread(
                () -> {
                    try (connection) {
                        done.complete(read(connection, window));
                    } catch (SQLException | RuntimeException e) {
                        done.completeExceptionally(e);
                    }
                },
                "bare-reader");
        thread.setDaemon(true);
        thread.start();
    }

    private Meter read(Connection connection, Window window) throws SQLException {
        Meter meter = new Meter(window);
        try (PreparedStatement select = connection.prepareStatement(LogTables.readFrom(place.leaf()))) {
            Window.await(window.start(), () -> {});
            for (int i = 0; !stopping && System.nanoTime() - window.to() < 0; i = (i + 1) % pages.size()) {
                long start = System.nanoTime();
                select.setInt(1, place.slice());
                select.setInt(2, place.partitionId());
                select.setLong(3, pages.get(i).from());
                select.setLong(4, pages.get(i).to() - 1);
                long records = 0;
                try (ResultSet row = select.executeQuery()) {
                    while (row.next()) {
                        row.getLong(1);
                        row.getBytes(2);
                        row.getBytes(3);
                        byte[] values = row.getBytes(4);
                        // An array in binary: dimensions, nulls, type, and then how many elements.
                        records += ByteBuffer.wrap(values).getInt(BYTES_BEFORE_COUNT);
                    }
                }
                meter.count(start, System.nanoTime(), records);
            }
        }
        return meter;
    }

    @Override
    public void check() {
        if (done.isCompletedExceptionally()) {
            finish();
        }
    }

    @Override
    public Meter finish() {
        stopping = true;
        try {
            return done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the bare reader failed: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        stopping = true;
    }
}
