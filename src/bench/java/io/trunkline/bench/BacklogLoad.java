package io.trunkline.bench;

import java.io.IOException;
import java.util.Random;

/** One connection that reads a few pages in a row from the beginning of a partition, then from its end, and so on. */
final class BacklogLoad extends HttpLoad {
    private static final int PAGES = 5;

    private final int port;
    private final String topic;
    private final Range head;
    private final Range tail;
    private final Random random = new Random(1);
    private Meter tailMeter = new Meter(new Window(0, 0, 1));
    private boolean atTail = true;
    private int pagesLeft;
    private long offset;

    /** Where reading may start, the second offset not included. */
    record Range(long from, long to) {}

    BacklogLoad(LoadClient client, int port, String topic, Range head, Range tail) {
        super(client);
        this.port = port;
        this.topic = topic;
        this.head = head;
        this.tail = tail;
    }

    /** What was read at the end; the other meter has what was read at the beginning. */
    Meter tailMeter() {
        return tailMeter;
    }

    @Override
    public void start(Window window) throws IOException {
        tailMeter = new Meter(window);
        super.start(window);
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
        Pages.checkEnds(connection, offset);
        (atTail ? tailMeter : meter()).count(connection.intended(), now, connection.nextOffset() - offset);
        offset = connection.nextOffset();
        send(connection);
    }

    private void send(HttpConnection connection) {
        if (stopping()) {
            return;
        }
        if (pagesLeft == 0 || offset >= tail.to()) {
            atTail = !atTail;
            pagesLeft = PAGES;
            Range range = atTail ? tail : head;
            offset = range.from() + (long) (random.nextDouble() * (range.to() - range.from()));
        }
        pagesLeft--;
        sent();
        String path = "/topics/" + topic + "/partitions/0/records?max_bytes=1048576&offset=" + offset;
        connection.send(Payloads.get(connection.buffer(512), path), System.nanoTime());
    }
}
