package io.trunkline.bench;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The limit that produce is compared with: the same rows into a plain table of the same shape, one {@code INSERT} with
 * binary arrays and one durable commit each, over JDBC, with nothing in between.
 */
final class BareLoop implements Load {
    private static final int PATIENCE_SECONDS = 60;

    private final Postgres postgres;
    private final String table;
    private final int connections;
    private final byte[][][] batches;
    private final double perSecond;
    private final List<CompletableFuture<Meter>> threads = new ArrayList<>();
    private final AtomicLong next = new AtomicLong();
    private volatile boolean stopping;

    /**
     * A loop over so many connections.
     *
     * @param perSecond batches that are written a second, on a fixed schedule; 0 for one after the other
     */
    BareLoop(Postgres postgres, String table, int connections, int records, int bytes, double perSecond) {
        this.postgres = postgres;
        this.table = table;
        this.connections = connections;
        this.batches = Payloads.batches(records, bytes);
        this.perSecond = perSecond;
    }

    @Override
    public void start(Window window) throws SQLException {
        for (int i = 0; i < connections; i++) {
            int number = i;
            Connection connection = postgres.owner();
            CompletableFuture<Meter> done = new CompletableFuture<>();
            threads.add(done);
            Thread thread = new Thread(
                    () -> {
                        try (connection) {
                            done.complete(write(connection, number + 1, window));
                        } catch (SQLException | RuntimeException e) {
                            done.completeExceptionally(e);
                        }
                    },
                    "bare-loop-" + i);
            thread.setDaemon(true);
            thread.start();
        }
    }

    private Meter write(Connection connection, int partition, Window window) throws SQLException {
        Meter meter = new Meter(window);
        int records = batches[0].length;
        Array[] values = new Array[batches.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = connection.createArrayOf("bytea", batches[i]);
        }
        long[] times = new long[records];
        long offset = 0;
        try (PreparedStatement insert = connection.prepareStatement(LogTables.insertInto(table))) {
            Window.await(window.start(), () -> {});
            while (!stopping && System.nanoTime() - window.to() < 0) {
                long intended = System.nanoTime();
                if (perSecond > 0) {
                    intended = window.start() + (long) (next.getAndIncrement() * 1e9 / perSecond);
                    if (intended - window.to() >= 0) {
                        break;
                    }
                    Window.await(intended, () -> {});
                }
                Arrays.fill(times, System.currentTimeMillis());
                insert.setInt(1, partition);
                insert.setLong(2, offset + records - 1);
                insert.setLong(3, offset);
                insert.setLong(4, times[0]);
                insert.setLong(5, times[0]);
                insert.setInt(6, records);
                insert.setInt(7, records * batches[0][0].length);
                insert.setObject(8, times);
                insert.setArray(9, values[(int) (offset / records % values.length)]);
                insert.executeUpdate();
                offset += records;
                meter.count(intended, System.nanoTime(), records);
            }
        }
        return meter;
    }

    @Override
    public void check() {
        threads.stream().filter(CompletableFuture::isCompletedExceptionally).forEach(BareLoop::result);
    }

    @Override
    public Meter finish() {
        stopping = true;
        return threads.stream().map(BareLoop::result).reduce(Meter::add).orElseThrow();
    }

    private static Meter result(CompletableFuture<Meter> thread) {
        try {
            return thread.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the bare loop failed: " + e, e);
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
