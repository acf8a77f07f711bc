package io.trunkline.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Connections that each read partitions page by page from start to end, one partition after another, and again. Looks at
 * every offset in the first pass, and at the ends of each page in those after it.
 */
final class FetchLoop extends HttpLoad {
    private final int port;
    private final Reading reading;
    private final int size;
    private final List<Reader> readers = new ArrayList<>();
    private final List<Page> pages = new ArrayList<>();

    /** The offsets of a page, the second one not included. */
    record Page(long from, long to) {}

    /** Where a connection is. */
    private static final class Reader {
        private int partition;
        private long offset;
        private boolean firstPass = true;

        private Reader(int partition) {
            this.partition = partition;
        }
    }

    /**
     * A loop over so many connections.
     *
     * @param connections of which each reads every n-th partition
     */
    FetchLoop(LoadClient client, int port, Reading reading, int connections) {
        super(client);
        this.port = port;
        this.reading = reading;
        size = connections;
    }

    /** Where the pages of the first partition began and ended, in the first pass. */
    List<Page> pages() {
        return List.copyOf(pages);
    }

    @Override
    void connect() throws IOException {
        for (int i = 0; i < size; i++) {
            readers.add(new Reader(i));
            open(port, i);
        }
    }

    @Override
    void begin() {
        connections().forEach(this::send);
    }

    @Override
    void next(HttpConnection connection, long now) {
        Reader reader = readers.get(connection.number());
        if (reader.firstPass) {
            Pages.checkAll(connection, reader.offset);
            if (reader.partition == 0) {
                pages.add(new Page(reader.offset, connection.nextOffset()));
            }
        } else {
            Pages.checkEnds(connection, reader.offset);
        }
        meter().count(connection.intended(), now, connection.nextOffset() - reader.offset);
        reader.offset = connection.nextOffset();
        long end = reading.ends().get(reader.partition);
        if (reader.offset > end) {
            throw new IllegalStateException("offset " + reader.offset + " is beyond the end " + end);
        }
        if (reader.offset == end) {
            reader.offset = 0;
            reader.partition += size;
            if (reader.partition >= reading.partitions()) {
                reader.partition = connection.number();
                reader.firstPass = false;
            }
        }
        send(connection);
    }

    private void send(HttpConnection connection) {
        if (stopping()) {
            return;
        }
        sent();
        Reader reader = readers.get(connection.number());
        String path = "/topics/" + reading.topic() + "/partitions/" + reader.partition + "/records?max_bytes="
                + reading.maxBytes() + "&offset=" + reader.offset;
        connection.send(Payloads.get(connection.buffer(512), path, reading.format()), System.nanoTime());
    }
}
