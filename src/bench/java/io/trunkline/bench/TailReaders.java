package io.trunkline.bench;

import java.io.IOException;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Readers that each wait at the end of all partitions, one connection a partition, and note how long each record took
 * from when it was to be sent. Each must get every record once, in the order of the offsets, and all the same order.
 */
final class TailReaders extends HttpLoad implements Readers {
    private final int port;
    private final String topic;
    private final int partitions;
    private final long timeZero;
    private final Position[] positions;
    private final AtomicLong received = new AtomicLong();

    /** What a reader has seen of a partition. */
    private static final class Position {
        private long offset;
        private long order;
        private final BitSet numbers = new BitSet();
    }

    TailReaders(LoadClient client, int port, String topic, int readers, int partitions, long timeZero) {
        super(client);
        this.port = port;
        this.topic = topic;
        this.partitions = partitions;
        this.timeZero = timeZero;
        positions = new Position[readers * partitions];
        for (int i = 0; i < positions.length; i++) {
            positions[i] = new Position();
        }
    }

    @Override
    public long received() {
        return received.get();
    }

    @Override
    void connect() throws IOException {
        for (int i = 0; i < positions.length; i++) {
            open(port, i);
        }
    }

    @Override
    void begin() {
        connections().forEach(this::send);
    }

    @Override
    void next(HttpConnection connection, long now) {
        Pages.checkStatus(connection);
        Position position = positions[connection.number()];
        byte[] body = connection.body();
        long before = position.offset;
        int at = 0;
        while ((at = Pages.find(body, Pages.OFFSET, at, connection.bodyLength())) >= 0) {
            long offset = Pages.number(body, at + Pages.OFFSET.length);
            at = Pages.find(body, TailRequests.MARKER, at, connection.bodyLength()) + TailRequests.MARKER.length;
            long intended = Pages.number(body, at) - TailRequests.TIME_BASE + timeZero;
            int number = (int) (Pages.number(body, at + TailRequests.NUMBER_AT) - TailRequests.NUMBER_BASE);
            if (offset != position.offset || position.numbers.get(number)) {
                throw new IllegalStateException(
                        "offset " + position.offset + " was to come, but " + offset + " came with record " + number);
            }
            position.offset++;
            position.numbers.set(number);
            position.order = position.order * 31 + number;
            meter().latency(intended, now, 1);
            at += TailRequests.BYTES - 64;
        }
        if (position.offset != connection.nextOffset()) {
            throw new IllegalStateException(
                    "a page ended before " + position.offset + ", but says " + connection.nextOffset());
        }
        meter().count(now, position.offset - before);
        received.addAndGet(position.offset - before);
        send(connection);
    }

    private void send(HttpConnection connection) {
        if (stopping()) {
            return;
        }
        sent();
        String path = "/topics/" + topic + "/partitions/" + connection.number() % partitions
                + "/records?max_bytes=1048576&timeout=5000&offset=" + positions[connection.number()].offset;
        connection.send(Payloads.get(connection.buffer(512), path), System.nanoTime());
    }

    @Override
    public void checkAll(long requests, int records) {
        for (int i = 0; i < positions.length; i++) {
            int partition = i % partitions;
            long expected = (requests + partitions - 1 - partition) / partitions * records;
            Position position = positions[i];
            if (position.numbers.cardinality() != expected
                    || position.numbers.length() != expected
                    || position.order != positions[partition].order) {
                throw new IllegalStateException("reader " + i / partitions + " got "
                        + position.numbers.cardinality() + " records of " + expected + " of partition " + partition
                        + ", or others than the first reader");
            }
        }
    }
}
