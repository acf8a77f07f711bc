package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.edge.ResponseBudget;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceTestCase;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a client that does not read its answer costs, and for how long. */
@QuarkusTest
class SlowReaderTest extends ServiceTestCase {
    private static final int LARGE = 8_000_000;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Inject
    ResponseBudget budget;

    @BeforeEach
    void nothingIsUnderWay() {
        Awaitility.await().atMost(PATIENCE).until(() -> budget.bytesInFlight() == 0);
    }

    @Test
    void answerOfOnePieceCountsUntilItHasBeenRead() throws IOException {
        String records = topicWith(1, LARGE);

        try (Socket client = connect()) {
            request(client, records, "HTTP/1.1");
            InputStream answer = client.getInputStream();
            assertThat(answer.read()).isEqualTo('H');

            assertThat(budget.bytesInFlight()).isGreaterThanOrEqualTo(LARGE);

            answer.skipNBytes(LARGE);
            Awaitility.await().atMost(PATIENCE).until(() -> budget.bytesInFlight() == 0);
        }
    }

    @Test
    void answerOfManyPiecesCountsWhatTheClientHasNotTaken() throws IOException {
        String records = topicWith(80, LARGE / 80);

        try (Socket client = connect()) {
            request(client, records, "HTTP/1.1");
            assertThat(client.getInputStream().read()).isEqualTo('H');

            // What lies in the buffers of the network has been given back.
            assertThat(budget.bytesInFlight()).isBetween(LARGE / 2L, LARGE + 500_000L);
        }

        Awaitility.await().atMost(PATIENCE).until(() -> budget.bytesInFlight() == 0);
    }

    @Test
    void answerOfManyPiecesToAnOldClientEndsWithTheConnection() throws IOException {
        String records = topicWith(10, 100_000);

        try (Socket client = connect()) {
            request(client, records, "HTTP/1.0");
            String answer = new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);

            assertThat(answer).startsWith("HTTP/1.").contains(" 200 ").endsWith("}]");
            assertThat(answer.length()).isGreaterThan(1_000_000);
        }
    }

    private String topicWith(int count, int bytes) {
        String topic = api.newTopic(1, "{\"max.message.bytes\":\"9000000\"}");
        String record = "{\"value\":\"" + "x".repeat(bytes) + "\"}";
        for (int i = 0; i < count; i++) {
            assertThat(api.post("/topics/" + topic, Api.TEXT, "{\"records\":[" + record + "]}")
                            .status())
                    .isEqualTo(200);
        }
        return "/topics/" + topic + "/partitions/0/records?offset=0&max_bytes=16000000";
    }

    /** A connection that takes little at a time. */
    private Socket connect() throws IOException {
        Socket client = new Socket();
        client.setReceiveBufferSize(4_096);
        client.setSoTimeout((int) PATIENCE.toMillis());
        client.connect(new InetSocketAddress(base.getHost(), base.getPort()));
        return client;
    }

    private static void request(Socket client, String path, String version) throws IOException {
        String request = "GET " + path + " " + version + "\r\nHost: localhost\r\nConnection: keep-alive\r\nAccept: "
                + Api.TEXT + "\r\n\r\n";
        client.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    }
}
