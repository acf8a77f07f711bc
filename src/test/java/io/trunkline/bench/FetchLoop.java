package io.trunkline.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * One connection that reads a partition page by page from its start to its end, and again. Looks at every offset in the
 * first pass, and at the ends of each page in those after it.
 */
final class FetchLoop extends HttpLoad {
    private static final int MAX_BYTES = 1024 * 1024;

    private final int port;
    private final String topic;
    private final long end;
    private final List<Page> pages = new ArrayList<>();
    private long offset;
    private boolean firstPass = true;

    /** The offsets of a page, the second one not included. */
    record Page(long from, long to) {}

    FetchLoop(LoadClient client, int port, String topic, long end) {
        super(client);
        this.port = port;
        this.topic = topic;
        this.end = end;
    }

    /** Where the pages of the first pass began and ended. */
    List<Page> pages() {
        return List.copyOf(pages);
    }

    @Override
    void connect() throws IOException {
        open(port, 0);
    }

    @Override
    void begin() {
        send(connections().getFirst());
    }

    @Override
    void next(HttpConnection connection, long now) {
        if (firstPass) {
            Pages.checkAll(connection, offset);
            pages.add(new Page(offset, connection.nextOffset()));
        } else {
            Pages.checkEnds(connection, offset);
        }
        meter().count(connection.intended(), now, connection.nextOffset() - offset);
        offset = connection.nextOffset();
        if (offset > end) {
            throw new IllegalStateException("offset " + offset + " is beyond the end " + end);
        }
        if (offset == end) {
            offset = 0;
            firstPass = false;
        }
        send(connection);
    }

    private void send(HttpConnection connection) {
        if (stopping()) {
            return;
        }
        sent();
        String path = "/topics/" + topic + "/partitions/0/records?max_bytes=" + MAX_BYTES + "&offset=" + offset;
        connection.send(Payloads.get(connection.buffer(512), path), System.nanoTime());
    }
}
