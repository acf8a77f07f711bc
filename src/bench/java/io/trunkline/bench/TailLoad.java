package io.trunkline.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** A producer on a fixed schedule, and the readers that wait for its records. */
final class TailLoad implements Load {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int PRODUCER_CONNECTIONS = 64;

    private final OpenLoop producer;
    private final TailReaders readers;
    private final int readerCount;

    TailLoad(LoadClient client, int port, String topic, int readers, int partitions, int requestsPerSecond) {
        long timeZero = System.nanoTime();
        readerCount = readers;
        this.readers = new TailReaders(client, port, topic, readers, partitions, timeZero);
        producer = new OpenLoop(
                client,
                List.of(port),
                PRODUCER_CONNECTIONS,
                requestsPerSecond,
                TailRequests.RECORDS,
                new TailRequests(topic, partitions, timeZero));
    }

    @Override
    public void start(Window window) throws IOException {
        readers.start(window);
        producer.start(window);
    }

    @Override
    public void check() {
        readers.check();
        producer.check();
    }

    /** Answers what the readers saw: records that were delivered, and their latency. */
    @Override
    public Meter finish() {
        Meter produced = producer.finish();
        long expected = produced.records() * readerCount;
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (readers.received() < expected) {
            readers.check();
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(
                        "readers got only " + readers.received() + " records of " + expected + " after " + PATIENCE);
            }
            Window.await(System.nanoTime() + 20_000_000, () -> {});
        }
        Meter meter = readers.finish();
        readers.checkAll(produced.requests());
        return meter;
    }

    /** Records that were acknowledged. */
    long produced() {
        return producer.requestsAcknowledged() * TailRequests.RECORDS;
    }

    @Override
    public void close() {
        producer.close();
        readers.close();
    }
}
