package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.ServiceTestCase;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Polls of one instance beside each other, beside writers, and beside a client that goes away. */
@QuarkusTest
class ConcurrentPollsTest extends ServiceTestCase {
    private static final Duration SOON = Duration.ofSeconds(15);
    private static final String LATEST = "{\"format\":\"json\"}";
    private static final String TEXT = "{\"format\":\"text\",\"auto.offset.reset\":\"earliest\"}";

    @Test
    void pollsOfOneInstanceAtOnceShareTheRecordsOut() {
        String topic = api.newTopic(4);
        for (int partition = 0; partition < 4; partition++) {
            api.writeNumbers(topic, partition, 0, 100);
        }
        Consumer consumer = group.consumer().subscribe(topic);

        List<JsonNode> all = new ArrayList<>();
        for (int round = 0; round < 50 && all.size() < 400; round++) {
            List<CompletableFuture<Api.Answer>> polls = Stream.generate(
                            () -> consumer.pollLater("timeout=1000&max_bytes=1000"))
                    .limit(8)
                    .toList();
            polls.forEach(poll -> all.addAll(Consumer.records(poll.join())));
        }

        assertThat(Consumer.places(all)).hasSize(400).doesNotHaveDuplicates();
    }

    @Test
    void oneOfManyPollsThatWaitGetsTheOneRecord() {
        String topic = api.newTopic(1);
        Consumer consumer = group.consumer().subscribe(topic);
        List<CompletableFuture<Api.Answer>> polls = Stream.generate(() -> consumer.pollLater("timeout=3000"))
                .limit(5)
                .toList();

        api.writeNumbers(topic, 0, 0, 1);

        assertThat(polls.stream()
                        .map(CompletableFuture::join)
                        .map(Consumer::records)
                        .flatMap(List::stream))
                .hasSize(1);
    }

    @Test
    void readerBesideAWriterMissesNothing() {
        String topic = api.newTopic(2);
        Consumer consumer = group.consumer(LATEST).subscribe(topic);
        List<CompletableFuture<Api.Answer>> writes = new ArrayList<>();
        List<JsonNode> records = new ArrayList<>();

        for (int i = 0; i < 60; i++) {
            writes.add(api.postLater(
                    "/topics/" + topic + "/partitions/" + i % 2, Api.JSON, "{\"records\":[{\"value\":" + i + "}]}"));
            if (i % 6 == 5) {
                records.addAll(consumer.poll("timeout=15000"));
            }
        }
        writes.forEach(CompletableFuture::join);
        records.addAll(consumer.pollUntil(60 - records.size()));

        assertThat(Consumer.offsetsByPartition(records)).isEqualTo(Map.of(0, offsets(0, 30), 1, offsets(0, 30)));
    }

    /** The answer is larger than what the network holds, so the service learns that the client went away. */
    @Test
    void recordsOfAnAnswerThatTheClientDidNotTakeAreGivenAgain() throws IOException {
        String topic = api.newTopic(1, "{\"max.message.bytes\":\"2000000\"}");
        for (int i = 0; i < 12; i++) {
            api.write(topic, 0, Api.TEXT, List.of("{\"value\":\"" + "x".repeat(1_000_000) + "\"}"));
        }
        Consumer consumer = group.consumer(TEXT).subscribe(topic);

        try (Socket client = new Socket()) {
            client.setReceiveBufferSize(4_096);
            client.setSoTimeout((int) SOON.toMillis());
            client.setSoLinger(true, 0);
            client.connect(new InetSocketAddress(base.getHost(), base.getPort()));
            client.getOutputStream()
                    .write(("GET " + consumer.path() + "/records?timeout=15000&max_bytes=16000000 HTTP/1.1\r\n"
                                    + "Host: localhost\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(client.getInputStream().read()).isEqualTo('H');
        }

        assertThat(Consumer.offsets(consumer.pollUntil(12, "timeout=50000"))).isEqualTo(offsets(0, 12));
    }

    private static List<Long> offsets(int from, int to) {
        return LongStream.range(from, to).boxed().toList();
    }
}
