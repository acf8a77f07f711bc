package io.trunkline.bench;

import java.io.IOException;

/** Connections that each send a produce request, wait for the answer, and send the next. */
final class ClosedLoop extends HttpLoad {
    private final int port;
    private final int size;
    private final Produce produce;
    private final long limit;
    private long sent;

    /**
     * A loop over so many connections.
     *
     * @param limit how many requests are sent at most
     */
    ClosedLoop(LoadClient client, int port, int connections, Produce produce, long limit) {
        super(client);
        this.port = port;
        this.size = connections;
        this.produce = produce;
        this.limit = limit;
    }

    ClosedLoop(LoadClient client, int port, int connections, Produce produce) {
        this(client, port, connections, produce, Long.MAX_VALUE);
    }

    @Override
    void connect() throws IOException {
        for (int i = 0; i < size; i++) {
            open(port, i);
        }
    }

    @Override
    void begin() {
        connections().forEach(this::send);
    }

    @Override
    void next(HttpConnection connection, long now) throws IOException {
        Produce.check(connection);
        meter().count(connection.intended(), now, produce.recordsPerRequest());
        send(connection);
    }

    private void send(HttpConnection connection) {
        if (stopping()) {
            return;
        }
        sent();
        connection.send(produce.request(sent++), System.nanoTime());
        if (sent >= limit) {
            endWhenDrained();
        }
    }
}
