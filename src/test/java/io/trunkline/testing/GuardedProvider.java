package io.trunkline.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;

/** Shows the configuration and the keys of an OpenID provider over TLS and to those with a token only, as Kubernetes' API server does. */
public final class GuardedProvider implements AutoCloseable {
    private final HttpClient http = HttpClient.newHttpClient();
    private final HttpsServer server;
    private final String provider;
    private final String token;

    /**
     * Starts on a port of this machine.
     *
     * @param provider the address of the provider that it asks
     * @param token what others have to show
     */
    public GuardedProvider(int port, SSLContext tls, String provider, String token) {
        this.provider = provider;
        this.token = token;
        try {
            server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setHttpsConfigurator(new HttpsConfigurator(tls));
        server.createContext("/", this::answer);
        server.start();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (!("Bearer " + token).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                exchange.sendResponseHeaders(401, -1);
                return;
            }
            String own = "https://" + exchange.getRequestHeaders().getFirst("Host");
            HttpResponse<String> asked = http.send(
                    HttpRequest.newBuilder(URI.create(provider)
                                    .resolve(exchange.getRequestURI().getPath()))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            byte[] body = asked.body()
                    .replaceAll("(\"jwks_uri\"\\s*:\\s*\")http://[^/]+", "$1" + own)
                    .getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(asked.statusCode(), body.length);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(body);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        server.stop(0);
        http.close();
    }
}
