package io.trunkline.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Clients of server-sent events, each with one stream over all partitions, that note how long each record took from when it was to
 * be sent. Each must get every record once, those of a partition in the order of the offsets.
 */
final class EventReaders extends HttpLoad implements Readers {
    private static final byte[] PARTITION = "\"partition\":".getBytes(StandardCharsets.US_ASCII);

    private final int port;
    private final String topic;
    private final int partitions;
    private final long timeZero;
    private final Stream[] streams;
    private final AtomicLong received = new AtomicLong();

    /** What a reader has seen. */
    private static final class Stream {
        private final long[] offsets;
        private final BitSet[] numbers;

        private Stream(int partitions) {
            offsets = new long[partitions];
            numbers = new BitSet[partitions];
            for (int i = 0; i < partitions; i++) {
                numbers[i] = new BitSet();
            }
        }
    }

    EventReaders(LoadClient client, int port, String topic, int readers, int partitions, long timeZero) {
        super(client);
        this.port = port;
        this.topic = topic;
        this.partitions = partitions;
        this.timeZero = timeZero;
        streams = new Stream[readers];
        for (int i = 0; i < readers; i++) {
            streams[i] = new Stream(partitions);
        }
    }

    @Override
    public long received() {
        return received.get();
    }

    @Override
    void connect() throws IOException {
        for (int i = 0; i < streams.length; i++) {
            open(port, i);
        }
    }

    @Override
    void begin() {
        connections().forEach(connection -> {
            var request = connection.buffer(512);
            request.writeCharSequence(
                    "GET /topics/" + topic + "/records?from=earliest HTTP/1.1\r\nHost: localhost\r\n"
                            + "Accept: text/event-stream\r\n\r\n",
                    StandardCharsets.US_ASCII);
            connection.send(request, System.nanoTime());
        });
    }

    @Override
    void next(HttpConnection connection, long now) {
        throw new IllegalStateException("a stream has ended: " + connection.status() + " " + connection.bodyText());
    }

    /** The service sends whole events in a chunk. */
    @Override
    public boolean takes(HttpConnection connection) {
        long now = System.nanoTime();
        Stream stream = streams[connection.number()];
        byte[] body = connection.body();
        int at = 0;
        long records = 0;
        while ((at = Pages.find(body, PARTITION, at, connection.bodyLength())) >= 0) {
            int partition = (int) Pages.number(body, at + PARTITION.length);
            at = Pages.find(body, Pages.OFFSET, at, connection.bodyLength());
            long offset = Pages.number(body, at + Pages.OFFSET.length);
            at = Pages.find(body, TailRequests.MARKER, at, connection.bodyLength()) + TailRequests.MARKER.length;
            long intended = Pages.number(body, at) - TailRequests.TIME_BASE + timeZero;
            int number = (int) (Pages.number(body, at + TailRequests.NUMBER_AT) - TailRequests.NUMBER_BASE);
            if (offset != stream.offsets[partition] || stream.numbers[partition].get(number)) {
                failed(new IOException("offset " + stream.offsets[partition] + " was to come, but " + offset
                        + " came with record " + number));
                return true;
            }
            stream.offsets[partition]++;
            stream.numbers[partition].set(number);
            meter().latency(intended, now, 1);
            records++;
            at += TailRequests.BYTES - 64;
        }
        meter().count(now, records);
        received.addAndGet(records);
        return true;
    }

    @Override
    public void checkAll(long requests, int records) {
        for (Stream stream : streams) {
            for (int partition = 0; partition < partitions; partition++) {
                long expected = (requests + partitions - 1 - partition) / partitions * records;
                if (stream.numbers[partition].cardinality() != expected || stream.offsets[partition] != expected) {
                    throw new IllegalStateException("a stream got " + stream.offsets[partition] + " records of "
                            + expected + " of partition " + partition);
                }
            }
        }
    }

    /** Streams have no end of their own: the clients leave. */
    @Override
    public Meter finish() {
        close();
        return super.finish();
    }
}
