package io.trunkline.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What loads over HTTP have in common: connections, the requests under way, and the first failure, which ends the load.
 * Everything but {@link Load} runs on the event loop.
 */
abstract class HttpLoad implements Load, HttpConnection.User {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final LoadClient client;
    private final List<HttpConnection> connections = new ArrayList<>();
    private final CompletableFuture<Void> drained = new CompletableFuture<>();
    private int underWay;
    private boolean stopping;
    private @Nullable Meter meter;

    HttpLoad(LoadClient client) {
        this.client = client;
    }

    /** Opens the connections. Runs on the caller's thread. */
    abstract void connect() throws IOException;

    /** Sends the first requests. */
    abstract void begin();

    /** Looks at an answer, counts it, and sends the next request if there is to be one. */
    abstract void next(HttpConnection connection, long now) throws IOException;

    @Override
    public void start(Window window) throws IOException {
        meter = new Meter(window);
        connect();
        var unused = client.loop()
                .schedule(this::begin, Math.max(0, window.start() - System.nanoTime()), TimeUnit.NANOSECONDS);
    }

    HttpConnection open(int port, int number) throws IOException {
        HttpConnection connection = client.connect(port, this, number);
        connections.add(connection);
        return connection;
    }

    LoadClient client() {
        return client;
    }

    Meter meter() {
        Meter started = meter;
        if (started == null) {
            throw new IllegalStateException("not started");
        }
        return started;
    }

    List<HttpConnection> connections() {
        return connections;
    }

    boolean stopping() {
        return stopping;
    }

    /** To be called with every request that is sent. */
    void sent() {
        underWay++;
    }

    @Override
    public void answered(HttpConnection connection) {
        long now = System.nanoTime();
        underWay--;
        if (drained.isDone()) {
            return;
        }
        try {
            next(connection, now);
        } catch (IOException | RuntimeException e) {
            failed(e);
        }
        drain();
    }

    private void drain() {
        if (stopping && underWay == 0) {
            drained.complete(null);
        }
    }

    @Override
    public void failed(Throwable cause) {
        stopping = true;
        drained.completeExceptionally(cause);
    }

    @Override
    public void check() {
        if (drained.isCompletedExceptionally()) {
            await();
        }
    }

    /** Whether everything is done before its time: for loads that end by themselves. */
    boolean done() {
        return drained.isDone();
    }

    @Override
    public Meter finish() {
        client.loop().execute(() -> {
            stopping = true;
            drain();
        });
        await();
        return meter();
    }

    private void await() {
        try {
            drained.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | CompletionException e) {
            throw new IllegalStateException("the load failed: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw new IllegalStateException("answers are missing after " + PATIENCE, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Waits, on the caller's thread, until the load has ended by itself. */
    void awaitDone(Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!done()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("the load takes longer than " + patience);
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    /** For loads of a fixed size. */
    void endWhenDrained() {
        stopping = true;
    }

    @Override
    public void close() {
        connections.forEach(HttpConnection::close);
    }
}
