package io.trunkline.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Connections that each send a body of lines, as fast as it is taken, wait for the answer, and send the next. */
final class LinesLoad implements Load {
    /** Lines of a body. */
    static final int LINES = 100_000;

    private static final int BLOCK = 1_000;
    private static final long PATIENCE_SECONDS = 60;

    private final int port;
    private final int senders;
    private final String topic;
    private final byte[] block;
    private final ExecutorService threads;
    private final List<Future<Meter>> sending = new ArrayList<>();
    private volatile boolean stopping;
    private @Nullable Window window;

    LinesLoad(int port, int senders, String topic, int bytes) {
        this.port = port;
        this.senders = senders;
        this.topic = topic;
        threads = Executors.newFixedThreadPool(senders);
        Random random = new Random(1);
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < BLOCK; i++) {
            lines.append(new String(Payloads.value(random, bytes), StandardCharsets.US_ASCII))
                    .append('\n');
        }
        block = lines.toString().getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public void start(Window during) {
        window = during;
        for (int i = 0; i < senders; i++) {
            sending.add(threads.submit(() -> send(during)));
        }
    }

    private Meter send(Window during) throws IOException {
        Meter meter = new Meter(during);
        byte[] head = ("POST /topics/" + topic
                        + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n" + "Content-Length: "
                        + (long) block.length * (LINES / BLOCK) + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
            OutputStream out = socket.getOutputStream();
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            Window.await(during.start(), () -> {});
            while (!stopping) {
                long begun = System.nanoTime();
                out.write(head);
                for (int i = 0; i < LINES / BLOCK; i++) {
                    out.write(block);
                }
                check(in);
                long now = System.nanoTime();
                meter.count(begun, now, LINES);
            }
        }
        return meter;
    }

    /** Fails unless every line was acknowledged. */
    private static void check(BufferedReader in) throws IOException {
        String status = in.readLine();
        int length = -1;
        for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
            if (line.regionMatches(true, 0, "content-length:", 0, 15)) {
                length = Integer.parseInt(line.substring(15).strip());
            }
        }
        char[] body = new char[Math.max(0, length)];
        for (int read = 0; read < body.length; ) {
            int some = in.read(body, read, body.length - read);
            if (some < 0) {
                throw new IOException("the answer ended early");
            }
            read += some;
        }
        String text = new String(body);
        if (status == null || !status.contains(" 200 ") || !text.startsWith("{\"records\":" + LINES + ",")) {
            throw new IOException("produce answered " + status + " " + text);
        }
    }

    @Override
    public void check() {
        for (Future<Meter> sender : sending) {
            if (sender.isDone()) {
                meter(sender);
            }
        }
    }

    @Override
    public Meter finish() {
        stopping = true;
        Window during = window;
        if (during == null) {
            throw new IllegalStateException("not started");
        }
        Meter all = new Meter(during);
        sending.forEach(sender -> all.add(meter(sender)));
        return all;
    }

    private static Meter meter(Future<Meter> sender) {
        try {
            return sender.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException("the load failed: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw new IllegalStateException("answers are missing", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
