package com.example.shop;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** The packaged application as a process, and a client of its API. */
final class Shop implements AutoCloseable {
    private static final Path APPLICATION = Path.of(System.getProperty("shop.application"));
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final Program program;
    private final String url;

    private Shop(Program program, String url) {
        this.program = program;
        this.url = url;
    }

    /** Starts it, and waits until it takes orders. */
    static Shop start(Path directory, Trunkline trunkline, String password, String token) {
        int port = Program.freePort();
        Map<String, String> environment = Map.of(
                "SERVER_PORT", Integer.toString(port),
                "SPRING_DATASOURCE_URL", trunkline.databaseUrl(),
                "SPRING_DATASOURCE_PASSWORD", password,
                "SHOP_TRUNKLINE_URL", trunkline.url(),
                "SHOP_TRUNKLINE_TOKEN", token);
        Program program = Program.start(directory, APPLICATION, environment);
        program.awaitOutput("Started ShopApplication");
        return new Shop(program, "http://127.0.0.1:" + port);
    }

    /** Sends an order. */
    HttpResponse<String> send(String item, int quantity) {
        String body = "{\"item\":\"" + item + "\",\"quantity\":" + quantity + "}";
        return send(HttpRequest.newBuilder(URI.create(url + "/orders"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    /** Sends an order that has to be accepted, and returns its number. */
    long place(String item, int quantity) {
        HttpResponse<String> response = send(item, quantity);
        if (response.statusCode() != 201) {
            throw new AssertionError(response.statusCode() + " " + response.body() + program.output());
        }
        String location = response.headers().firstValue("Location").orElseThrow();
        return Long.parseLong(location.substring(location.lastIndexOf('/') + 1));
    }

    /** Whether an order is known to be shipped. */
    boolean isShipped(long order) {
        HttpResponse<String> response = send(HttpRequest.newBuilder(URI.create(url + "/orders/" + order)));
        return response.statusCode() == 200 && response.body().contains("\"shipped\":true");
    }

    /** Everything that it has logged. */
    String log() {
        return program.output();
    }

    /** Ends it as a crash would. */
    void kill() {
        program.kill();
    }

    @Override
    public void close() {
        program.close();
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return CLIENT.send(request.timeout(TIMEOUT).build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new AssertionError("the shop does not respond", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
