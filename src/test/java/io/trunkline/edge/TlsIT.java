package io.trunkline.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.testing.CertificateAuthority;
import io.trunkline.testing.CertificateAuthority.Issued;
import io.trunkline.testing.RawHttp;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.io.IOException;
import java.math.BigInteger;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The packaged service with TLS on both ports, and without plain HTTP. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TlsIT {
    private static final Duration TIMEOUT = Duration.ofSeconds(3);
    /** Until a connection that is too slow is closed: the timeout and the interval of checks, with time for a busy machine. */
    private static final Duration CLOSED = Duration.ofSeconds(20);

    private static final Duration RENEWED = Duration.ofSeconds(60);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    static Path directory = Path.of("");

    private final CertificateAuthority authority = new CertificateAuthority("Trunkline test");
    private final CertificateAuthority clients = new CertificateAuthority("Clients");
    private final TestDatabase database = TestDatabase.inASharedServer();
    private final int port = ServiceProcess.freePort();
    private final int plainPort = ServiceProcess.freePort();
    private final int managementPort = ServiceProcess.freePort();
    private final Map<String, String> settings = new HashMap<>();
    private int certificates;
    private ServiceProcess service;

    @BeforeAll
    void start() throws IOException {
        renew();
        clients.write(directory.resolve("clients.crt"));
        settings.putAll(database.start());
        settings.put(
                "quarkus.tls.web.key-store.pem.main.cert",
                directory.resolve("tls/tls.crt").toString());
        settings.put(
                "quarkus.tls.web.key-store.pem.main.key",
                directory.resolve("tls/tls.key").toString());
        settings.put(
                "quarkus.tls.web.trust-store.pem.certs",
                directory.resolve("clients.crt").toString());
        settings.put("quarkus.tls.web.reload-period", "1s");
        settings.put("quarkus.tls.web.handshake-timeout", TIMEOUT.toSeconds() + "s");
        settings.put("quarkus.http.tls-configuration-name", "web");
        settings.put("quarkus.http.insecure-requests", "disabled");
        settings.put("quarkus.http.port", Integer.toString(plainPort));
        settings.put("quarkus.http.ssl-port", Integer.toString(port));
        settings.put("quarkus.management.tls-configuration-name", "web");
        settings.put("quarkus.management.port", Integer.toString(managementPort));
        settings.put("trunkline.access.mode", "none");
        settings.put("trunkline.access.certificates.enabled", "true");
        settings.put("trunkline.http.request-timeout", TIMEOUT.toSeconds() + "s");
        service = ServiceProcess.start(directory, settings);
    }

    @AfterAll
    void stop() {
        service.close();
        database.stop();
    }

    /** Puts a new certificate where the service finds it, as Kubernetes does: what the path leads to changes in one step. */
    private Issued renew() throws IOException {
        certificates++;
        Path next = Files.createDirectory(directory.resolve("tls-" + certificates));
        Issued issued = authority.issue("CN=localhost");
        issued.write(next.resolve("tls.crt"), next.resolve("tls.key"));
        Path link = Files.createSymbolicLink(directory.resolve("tls.next"), next);
        Files.move(link, directory.resolve("tls"), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return issued;
    }

    private HttpClient client(HttpClient.Version version, @Nullable Issued certificate) {
        return HttpClient.newBuilder()
                .version(version)
                .sslContext(authority.client(certificate))
                .connectTimeout(Duration.ofSeconds(10))
                .build();
    }

    private static HttpRequest request(int of, String path) {
        return HttpRequest.newBuilder(URI.create("https://localhost:" + of + path))
                .timeout(Duration.ofSeconds(30))
                .build();
    }

    private HttpResponse<String> get(HttpClient client, int of, String path) throws IOException, InterruptedException {
        return client.send(request(of, path), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void bothPortsSpeakTls() throws Exception {
        try (HttpClient client = client(HttpClient.Version.HTTP_1_1, null)) {
            assertThat(get(client, port, "/").statusCode()).isEqualTo(200);
            assertThat(get(client, managementPort, "/q/health/live").statusCode())
                    .isEqualTo(200);
            assertThat(get(client, managementPort, "/q/metrics").body()).contains("trunkline_http_connections");
        }
    }

    @Test
    void consoleIsInTheProgram() throws Exception {
        for (HttpClient.Version version : HttpClient.Version.values()) {
            try (HttpClient client = client(version, null)) {
                HttpResponse<String> page = get(client, port, "/console/");
                String script = page.body().replaceAll("(?s).*src=\"([^\"]*)\".*", "$1");
                HttpResponse<String> module = get(client, port, script);
                HttpResponse<String> library = get(client, port, script.replaceFirst("[^/]*$", "lib/hooks.js"));

                assertThat(page.statusCode()).isEqualTo(200);
                assertThat(page.headers().firstValue("Strict-Transport-Security"))
                        .isPresent();
                assertThat(module.statusCode()).isEqualTo(200);
                assertThat(library.body()).contains("from\"./preact.js\"");
                assertThat(get(client, port, "/webjars/preact/10.28.0/package.json")
                                .statusCode())
                        .isEqualTo(404);
            }
        }
    }

    @Test
    void http2IsNegotiated() throws Exception {
        try (HttpClient client = client(HttpClient.Version.HTTP_2, null)) {
            HttpResponse<String> response = get(client, port, "/");

            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
        }
    }

    @Test
    void plainHttpIsOff() {
        assertThatThrownBy(() -> new Socket("localhost", plainPort).close()).isInstanceOf(ConnectException.class);
        for (int of : List.of(port, managementPort)) {
            try (RawHttp plain = new RawHttp(of)) {
                plain.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");

                assertThat(plain.readAll()).doesNotContain("HTTP/1.1");
            }
        }
    }

    /** A hello of TLS 1.1 and nothing later (RFC 4346, section 7.4.1.2), which is refused with the alert protocol_version. */
    @Test
    void tlsBefore12IsRefused() throws Exception {
        byte[] hello = new byte[52];
        byte[] head = {22, 3, 1, 0, 47, 1, 0, 0, 43, 3, 2};
        System.arraycopy(head, 0, hello, 0, head.length);
        // After 32 random bytes: no session, two cipher suites, no compression.
        byte[] tail = {0, 0, 4, (byte) 0xc0, 0x13, 0, 0x2f, 1, 0};
        System.arraycopy(tail, 0, hello, head.length + 32, tail.length);
        try (Socket socket = new Socket("localhost", port)) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(hello);

            byte[] alert = socket.getInputStream().readNBytes(7);

            assertThat(alert).hasSize(7);
            assertThat(alert[0]).as("an alert").isEqualTo((byte) 21);
            assertThat(alert[6]).as("protocol_version").isEqualTo((byte) 70);
        }
    }

    @Test
    void handshakeThatStallsIsEnded() {
        try (RawHttp silent = new RawHttp(port);
                RawHttp half = new RawHttp(port)) {
            half.send(new byte[] {22, 3, 1, 1, 0, 1});

            assertThat(silent.isClosedWithin(CLOSED)).isTrue();
            assertThat(half.isClosedWithin(CLOSED)).isTrue();
        }
    }

    @Test
    void requestThatStallsBehindTlsIsEnded() throws Exception {
        try (SSLSocket socket = connect(port)) {
            socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: local".getBytes(StandardCharsets.US_ASCII));

            assertThat(closes(socket, CLOSED)).isTrue();
        }
    }

    @Test
    void requestsAreCountedBehindTls() throws Exception {
        assertCounted(port, managementPort);
    }

    @Test
    void requestsAreCountedWhereTheHostChoosesTheCertificate() throws Exception {
        int own = ServiceProcess.freePort();
        int ownManagement = ServiceProcess.freePort();
        Map<String, String> others = new HashMap<>(TestDatabase.withoutOwner(settings));
        authority.issue("CN=other").write(directory.resolve("other.crt"), directory.resolve("other.key"));
        others.put("quarkus.tls.web.key-store.sni", "true");
        others.put(
                "quarkus.tls.web.key-store.pem.other.cert",
                directory.resolve("other.crt").toString());
        others.put(
                "quarkus.tls.web.key-store.pem.other.key",
                directory.resolve("other.key").toString());
        others.put("quarkus.http.port", Integer.toString(ServiceProcess.freePort()));
        others.put("quarkus.http.ssl-port", Integer.toString(own));
        others.put("quarkus.management.port", Integer.toString(ownManagement));

        try (ServiceProcess replica = ServiceProcess.start(directory, others)) {
            assertThat(replica.isAlive()).isTrue();
            assertCounted(own, ownManagement);
        }
    }

    private void assertCounted(int of, int management) throws IOException, InterruptedException {
        double before = closed(management, "too_large");

        try (SSLSocket socket = connect(of)) {
            byte[] requests =
                    "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(20_000).getBytes(StandardCharsets.US_ASCII);
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 20; i++) {
                            socket.getOutputStream().write(requests);
                        }
                    })
                    .isInstanceOf(IOException.class);
        }

        Awaitility.await().atMost(CLOSED).until(() -> closed(management, "too_large") > before);
    }

    @Test
    void malformedRequestBehindTlsIsRefusedInTheShapeOfAllErrors() throws Exception {
        try (SSLSocket socket = connect(port)) {
            socket.getOutputStream()
                    .write("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 400")
                    .contains("INVALID_REQUEST");
        }
    }

    @Test
    void clientsOfTheirAuthorityAndClientsWithoutACertificateConnect() throws Exception {
        for (Issued own : new Issued[] {null, clients.issue("CN=orders")}) {
            try (HttpClient client = client(HttpClient.Version.HTTP_1_1, own)) {
                assertThat(get(client, port, "/").statusCode()).isEqualTo(200);
            }
        }
    }

    @Test
    void clientOfAnotherAuthorityDoesNotConnect() {
        Issued stranger = new CertificateAuthority("Clients").issue("CN=orders");
        // The client shows it although the service has asked for one of another authority, which has the same name
        // here.
        try (HttpClient client = client(HttpClient.Version.HTTP_1_1, stranger)) {
            assertThatThrownBy(() -> get(client, port, "/")).isInstanceOf(IOException.class);
        }
    }

    @Test
    void certificatesAreRenewedUnderLoadWithoutAFailedRequest() throws Exception {
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        AtomicInteger served = new AtomicInteger();
        AtomicBoolean ends = new AtomicBoolean();
        ExecutorService load = Executors.newFixedThreadPool(4);
        try {
            for (int i = 0; i < 4; i++) {
                boolean keepsConnection = i % 2 == 0;
                HttpClient.Version version = i < 2 ? HttpClient.Version.HTTP_1_1 : HttpClient.Version.HTTP_2;
                load.execute(() -> load(version, keepsConnection, ends, served, failures));
            }
            for (int i = 0; i < 3; i++) {
                Issued next = renew();
                int already = served.get();
                // The service reads its files every second, whether or not they have changed.
                Awaitility.await()
                        .atMost(RENEWED)
                        .until(() -> serial(port).equals(next.certificate().getSerialNumber()));
                Awaitility.await()
                        .atMost(RENEWED)
                        .until(() ->
                                serial(managementPort).equals(next.certificate().getSerialNumber()));
                Awaitility.await().atMost(RENEWED).until(() -> served.get() > already + 20);
            }
        } finally {
            ends.set(true);
            load.shutdown();
            assertThat(load.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        }

        assertThat(failures).isEmpty();
        assertThat(served).hasValueGreaterThan(60);
    }

    private void load(
            HttpClient.Version version,
            boolean keepsConnection,
            AtomicBoolean ends,
            AtomicInteger served,
            ConcurrentLinkedQueue<Throwable> failures) {
        HttpClient kept = client(version, null);
        try {
            while (!ends.get()) {
                if (!keepsConnection) {
                    kept.close();
                    kept = client(version, null);
                }
                HttpResponse<String> response = get(kept, port, "/");
                if (response.statusCode() != 200) {
                    failures.add(new AssertionError(response.statusCode() + " " + response.body()));
                }
                served.incrementAndGet();
            }
        } catch (IOException e) {
            failures.add(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            kept.close();
        }
    }

    private BigInteger serial(int of) throws IOException {
        try (SSLSocket socket =
                (SSLSocket) authority.client(null).getSocketFactory().createSocket("localhost", of)) {
            socket.setSoTimeout(30_000);
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber();
        }
    }

    private SSLSocket connect(int to) throws IOException {
        SSLSocket socket = (SSLSocket) authority.client(null).getSocketFactory().createSocket("localhost", to);
        socket.setSoTimeout(30_000);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName("localhost")));
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    private static boolean closes(SSLSocket socket, Duration within) throws IOException {
        socket.setSoTimeout((int) within.toMillis());
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private double closed(int management, String reason) throws IOException, InterruptedException {
        try (HttpClient client = client(HttpClient.Version.HTTP_1_1, null)) {
            List<Double> values = new ArrayList<>();
            get(client, management, "/q/metrics")
                    .body()
                    .lines()
                    .filter(line -> line.startsWith("trunkline_http_connections_closed_total{")
                            && line.contains("reason=\"" + reason + "\""))
                    .forEach(line -> values.add(Double.valueOf(line.substring(line.lastIndexOf(' ') + 1))));
            return values.stream().mapToDouble(Double::doubleValue).sum();
        }
    }
}
