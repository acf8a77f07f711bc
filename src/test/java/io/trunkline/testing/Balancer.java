package io.trunkline.testing;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A load balancer on the loopback address that sends every request, not every connection, to the next backend in turn.
 * It tries nothing a second time, and a client that goes away, or closes its half of the connection, before its answer
 * is complete takes the connection to the backend with it.
 */
public final class Balancer implements AutoCloseable {
    private static final int MAX_CONNECTIONS = 256;
    private static final int MAX_BODY = 16 * 1024 * 1024;

    private final ServerSocket server;
    private final Set<Socket> clients = ConcurrentHashMap.newKeySet();
    private final Semaphore connections = new Semaphore(MAX_CONNECTIONS);
    private final AtomicInteger turn = new AtomicInteger();
    private volatile List<Integer> backends = List.of();

    private Balancer(ServerSocket server) {
        this.server = server;
    }

    /** Starts without backends, which is answered with 503. */
    public static Balancer start() {
        try {
            Balancer balancer = new Balancer(new ServerSocket(0, MAX_CONNECTIONS, InetAddress.getLoopbackAddress()));
            Thread.ofVirtual().name("balancer").start(balancer::accept);
            return balancer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The ports, on the loopback address, that requests go to from now on. Those under way are not touched. */
    public void backends(List<Integer> ports) {
        backends = List.copyOf(ports);
    }

    public String url() {
        return "http://127.0.0.1:" + server.getLocalPort();
    }

    @Override
    public void close() {
        close(server);
        clients.forEach(Balancer::close);
    }

    private void accept() {
        while (!server.isClosed()) {
            connections.acquireUninterruptibly();
            try {
                Socket client = server.accept();
                clients.add(client);
                Thread.ofVirtual().name("balancer-client").start(() -> serve(client));
            } catch (IOException e) {
                connections.release();
                if (!server.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
        clients.forEach(Balancer::close);
    }

    private void serve(Socket client) {
        try (client) {
            client.setTcpNoDelay(true);
            serve(
                    client,
                    new PushbackInputStream(new BufferedInputStream(client.getInputStream())),
                    new BufferedOutputStream(client.getOutputStream()));
        } catch (IOException e) {
            clients.remove(client); // the client hung up, or does not speak HTTP/1.1: there is nobody to tell
        } finally {
            clients.remove(client);
            connections.release();
        }
    }

    /**
     * Reads request after request. While one is relayed by a thread of its own, this one waits for the next, and so sees
     * that the client goes away.
     */
    private void serve(Socket client, PushbackInputStream in, OutputStream out) throws IOException {
        Running current = null;
        try {
            for (int first = in.read(); first >= 0; first = in.read()) {
                if (current != null) {
                    await(current.thread);
                }
                in.unread(first);
                HttpHead request = HttpHead.read(in);
                current = relay(client, request, body(request, in), out);
            }
        } finally {
            close(client); // before waiting, as an answer may be on its way to somebody who does not read
            if (current != null) {
                current.relay.abandon();
                await(current.thread);
            }
        }
    }

    private record Running(Relay relay, Thread thread) {}

    private Running relay(Socket client, HttpHead request, byte @Nullable [] body, OutputStream out) {
        List<Integer> ports = backends;
        Relay relay = new Relay(request, body == null ? new byte[0] : body, out);
        Thread thread = Thread.ofVirtual().name("balancer-relay").start(() -> {
            boolean again = false;
            try {
                if (body == null) {
                    relay.refuse(411, "LENGTH_REQUIRED", "This balancer takes bodies of a told, bounded length only.");
                } else if (ports.isEmpty()) {
                    relay.refuse(503, "NO_BACKEND", "There is no backend.");
                    again = request.keepsAlive();
                } else {
                    again = relay.run(ports.get(Math.floorMod(turn.getAndIncrement(), ports.size())));
                }
            } catch (IOException | RuntimeException e) {
                again = false; // the answer ended half-way: the client sees its connection cut
            } finally {
                if (!again) {
                    close(client);
                }
            }
        });
        return new Running(relay, thread);
    }

    /** The body, or null where its length is not told or over the bound. */
    private static byte @Nullable [] body(HttpHead request, InputStream in) throws IOException {
        long length = Math.max(0, request.contentLength());
        if (request.isChunked() || length > MAX_BODY) {
            return null;
        }
        byte[] body = in.readNBytes((int) length);
        if (body.length < length) {
            throw new IOException("the client left within its request");
        }
        return body;
    }

    private static void await(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void close(java.io.Closeable socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
