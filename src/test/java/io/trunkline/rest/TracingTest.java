package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.Group;
import io.trunkline.testing.ServiceTestCase;
import jakarta.enterprise.inject.Alternative;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Spans of sending and fetching, and how records connect them. */
@QuarkusTest
@TestProfile(TracingTest.Traced.class)
class TracingTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final AttributeKey<Long> COUNT = AttributeKey.longKey("messaging.batch.message_count");
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String PARENT = "00-" + TRACE + "-b7ad6b7169203331-01";

    /** Traces are on, and kept. */
    public static final class Traced implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of("quarkus.otel.sdk.disabled", "false", "quarkus.otel.bsp.schedule.delay", "50ms");
        }

        @Override
        public Set<Class<?>> getEnabledAlternatives() {
            return Set.of(Exporter.class);
        }
    }

    /** Keeps spans where the OTLP exporter would send them. */
    @Singleton
    @Alternative
    static class Exporter {
        @Produces
        @Singleton
        @Alternative
        InMemorySpanExporter exporter() {
            return InMemorySpanExporter.create();
        }
    }

    @Inject
    InMemorySpanExporter exporter;

    private String topic = "";

    @BeforeEach
    void start() {
        topic = api.newTopic(1);
        exporter.reset();
    }

    @Test
    void sendingIsASpanInTheClientsTraceAndRecordsCarryIt() {
        send("{\"value\":1},{\"value\":2}");

        SpanData span = span("send " + topic);
        assertThat(span.getKind()).isEqualTo(SpanKind.PRODUCER);
        assertThat(span.getTraceId()).isEqualTo(TRACE);
        assertThat(span.getAttributes().get(COUNT)).isEqualTo(2);
        assertThat(traceparents()).hasSize(2).containsOnly("00-" + TRACE + "-" + span.getSpanId() + "-01");
    }

    @Test
    void recordThatHasAContextKeepsIt() {
        String own = "00-1234567890abcdef1234567890abcdef-1234567890abcdef-01";

        send("{\"value\":1,\"headers\":[{\"key\":\"traceparent\",\"value\":\""
                + Base64.getEncoder().encodeToString(own.getBytes(StandardCharsets.UTF_8)) + "\"}]}");

        assertThat(traceparents()).containsExactly(own);
    }

    @Test
    void fetchLinksToTheRecordsThatItGives() {
        send("{\"value\":1},{\"value\":2}");
        api.get("/topics/" + topic + "/partitions/0/records?offset=0", Api.JSON);

        SpanData fetch = span("fetch " + topic);
        SpanData send = span("send " + topic);
        assertThat(fetch.getKind()).isEqualTo(SpanKind.CONSUMER);
        assertThat(fetch.getAttributes().get(COUNT)).isEqualTo(2);
        assertThat(fetch.getLinks())
                .extracting(link -> link.getSpanContext().getSpanId())
                .containsExactly(send.getSpanId());
    }

    @Test
    void pollOfAConsumerLinksToo() {
        send("{\"value\":1}");
        Group group = new Group(api);
        Consumer consumer = group.consumer();
        consumer.subscribe(topic);
        consumer.poll();

        SpanData poll = span("poll");
        assertThat(poll.getAttributes().get(AttributeKey.stringKey("messaging.consumer.group.name")))
                .isEqualTo(group.id());
        assertThat(poll.getLinks())
                .extracting(link -> link.getSpanContext().getTraceId())
                .containsExactly(TRACE);
    }

    @Test
    void failureIsTold() {
        api.post("/topics/no-such-topic", Api.JSON, "{\"records\":[{\"value\":1}]}");

        assertThat(span("send no-such-topic").getAttributes().get(AttributeKey.stringKey("error.type")))
                .isEqualTo("TOPIC_NOT_FOUND");
    }

    @Test
    void recordIsJudgedByWhatTheClientSentWhateverItsTraceAdds() {
        String small = api.newTopic(1, "{\"max.message.bytes\":\"1000\"}");
        String records = "{\"value\":\"" + "x".repeat(1_000) + "\"},{\"value\":\"y\"},{\"value\":\"" + "z".repeat(1_001)
                + "\"},{\"value\":\"w\"}";

        Api.Answer first = sendOnce(small, "vendor=" + "s".repeat(100), records);
        Api.Answer again = sendOnce(small, "vendor=s", records);

        assertThat(first.status()).as(first.body()).isEqualTo(200);
        assertThat(first.json().path("offsets").path(0).path("offset").asInt(-1))
                .isZero();
        assertThat(first.json().path("offsets").path(2).path("error_code").asInt())
                .isEqualTo(413);
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(api.readAll(small, 0, 0, Api.TEXT)).hasSize(3);
    }

    private Api.Answer sendOnce(String topic, String state, String records) {
        return api.send(api.request("/topics/" + topic)
                .header("Content-Type", Api.TEXT)
                .header("Idempotency-Key", "once")
                .header("traceparent", PARENT)
                .header("tracestate", state)
                .POST(BodyPublishers.ofString("{\"records\":[" + records + "]}")));
    }

    private void send(String records) {
        Api.Answer answer = api.send(api.request("/topics/" + topic)
                .header("Content-Type", Api.JSON)
                .header("traceparent", PARENT)
                .POST(BodyPublishers.ofString("{\"records\":[" + records + "]}")));
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    }

    private List<String> traceparents() {
        return api.readAll(topic, 0, 0, Api.JSON).stream()
                .map(TracingTest::traceparent)
                .toList();
    }

    private static String traceparent(JsonNode each) {
        for (JsonNode header : each.path("headers")) {
            if (header.path("key").asText().equals("traceparent")) {
                return new String(
                        Base64.getDecoder().decode(header.path("value").asText()), StandardCharsets.UTF_8);
            }
        }
        return "";
    }

    private SpanData span(String name) {
        return Awaitility.await()
                .atMost(PATIENCE)
                .until(
                        () -> exporter.getFinishedSpanItems().stream()
                                .filter(span -> span.getName().equals(name))
                                .filter(span ->
                                        !name.equals("poll") || !span.getLinks().isEmpty())
                                .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }
}
