package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/** A producer on a fixed schedule, and the readers that wait for its records. */
final class TailLoad implements Load {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int PRODUCER_CONNECTIONS = 64;

    private final OpenLoop producer;
    private final Readers readers;
    private final int readerCount;
    private final int records;

    /** Makes the readers, to whom times are told from a zero. */
    interface ReadersFrom {
        Readers from(long timeZero);
    }

    /** What is produced: requests a second, each of so many records. */
    record Rate(int requestsPerSecond, int records) {}

    /**
     * Producer and readers.
     *
     * @param port of the replica to which is produced
     */
    TailLoad(
            LoadClient client,
            int port,
            String topic,
            int partitions,
            Rate rate,
            int readerCount,
            ReadersFrom readers) {
        long timeZero = System.nanoTime();
        this.readerCount = readerCount;
        this.readers = readers.from(timeZero);
        records = rate.records();
        producer = new OpenLoop(
                client,
                List.of(port),
                PRODUCER_CONNECTIONS,
                rate.requestsPerSecond(),
                records,
                new TailRequests(topic, partitions, records, timeZero));
    }

    @Override
    public void start(Window window) throws IOException, SQLException {
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
        readers.checkAll(produced.requests(), records);
        return meter;
    }

    /** Records that were acknowledged. */
    long produced() {
        return producer.requestsAcknowledged() * records;
    }

    @Override
    public void close() {
        producer.close();
        readers.close();
    }
}
