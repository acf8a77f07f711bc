package io.trunkline.testing;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A TCP relay on the loopback address that can lose connections, as networks and servers do. */
public final class FlakyProxy implements Closeable {
    private static final Pattern URL = Pattern.compile("jdbc:postgresql://([^:/]+):(\\d+)/(.*)");

    private final String host;
    private final String database;
    private final ServerSocket server;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile int port;
    private volatile boolean away;
    private volatile boolean losesAnswers;

    private FlakyProxy(String host, int port, String database) throws IOException {
        this.host = host;
        this.port = port;
        this.database = database;
        server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    static FlakyProxy to(String jdbcUrl) throws IOException {
        Matcher url = URL.matcher(jdbcUrl);
        if (!url.matches()) {
            throw new IllegalArgumentException("not a JDBC URL with a port");
        }
        return new FlakyProxy(url.group(1), Integer.parseInt(url.group(2)), url.group(3));
    }

    /** To a server on the loopback address. */
    public static FlakyProxy toPort(int port) {
        try {
            return new FlakyProxy("127.0.0.1", port, "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The port that clients connect to, on the loopback address. */
    public int port() {
        return server.getLocalPort();
    }

    /** Relays new connections to this port from now on. Those that are open stay where they are. */
    public void goTo(int port) {
        this.port = port;
    }

    /** Cuts every connection, and takes new ones. */
    public void cut() {
        cutAll();
    }

    String url() {
        return "jdbc:postgresql://127.0.0.1:" + server.getLocalPort() + "/" + database;
    }

    /** Cuts every connection and takes no new one. */
    public void goAway() {
        away = true;
        cutAll();
    }

    /** Lets requests through, and cuts the connection instead of relaying the answer. */
    public void loseAnswers() {
        losesAnswers = true;
    }

    /** Works again. */
    public void comeBack() {
        away = false;
        losesAnswers = false;
    }

    @Override
    public void close() {
        away = true;
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        cutAll();
    }

    private void cutAll() {
        sockets.forEach(FlakyProxy::cut);
        sockets.clear();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                if (away) {
                    cut(client);
                    continue;
                }
                Socket upstream;
                try {
                    upstream = new Socket(host, port);
                } catch (ConnectException e) {
                    cut(client); // as when nobody listens where the client connects
                    continue;
                }
                client.setTcpNoDelay(true);
                upstream.setTcpNoDelay(true);
                sockets.add(client);
                sockets.add(upstream);
                Thread.ofVirtual().start(() -> relay(client, upstream, false));
                Thread.ofVirtual().start(() -> relay(upstream, client, true));
            } catch (IOException e) {
                if (!server.isClosed() && !away) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private void relay(Socket from, Socket to, boolean answers) {
        byte[] buffer = new byte[64 * 1024];
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                if (answers && losesAnswers) {
                    break;
                }
                out.write(buffer, 0, n);
                out.flush();
            }
        } catch (IOException e) {
            sockets.remove(from); // the other side hung up, which is what this class is for
        } finally {
            cut(from);
            cut(to);
            sockets.remove(from);
            sockets.remove(to);
        }
    }

    private static void cut(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
