package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.ServiceTestCase;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Fetches that want only some records. */
@QuarkusTest
class FilterApiTest extends ServiceTestCase {
    private static final Duration SOON = Duration.ofSeconds(15);
    private static final int MILLION = 1_000_000;

    private String topic;
    private String records;

    @BeforeEach
    void topic() {
        topic = api.newTopic(1);
        records = "/topics/" + topic + "/partitions/0/records";
    }

    @Test
    void onlyRecordsThatMatchAreGivenWithTheirOwnOffsets() {
        api.write(
                topic,
                0,
                Api.JSON,
                List.of(
                        "{\"key\":\"order-1\",\"value\":{\"total\":10,\"customer\":{\"country\":\"DE\"}},\"headers\":[{\"key\":\"type\",\"value\":\"Y3JlYXRlZA==\"}]}",
                        "{\"key\":\"order-2\",\"value\":{\"total\":10.0,\"customer\":{\"country\":\"FR\"},\"vat\":null},\"headers\":[{\"key\":\"type\",\"value\":\"Y3JlYXRlZA==\"}]}",
                        "{\"key\":\"invoice-1\",\"value\":{\"total\":10,\"customer\":{\"country\":\"DE\"}}}",
                        "{\"key\":\"order-3\",\"value\":null}",
                        "{\"value\":[1,2]}"));

        assertThat(offsets(fetch("header.type = \"created\""))).containsExactly(0L, 1L);
        assertThat(offsets(fetch("key ^= 'order-'"))).containsExactly(0L, 1L, 3L);
        assertThat(offsets(fetch("key = 'order-2'"))).containsExactly(1L);
        assertThat(offsets(fetch("value.customer.country = 'DE'"))).containsExactly(0L, 2L);
        assertThat(offsets(fetch("value.total = 10"))).containsExactly(0L, 1L, 2L);
        assertThat(offsets(fetch("exists(value.vat)"))).containsExactly(1L);
        assertThat(offsets(fetch("value[1] = 2"))).containsExactly(4L);
        assertThat(offsets(fetch("key ^= 'order-' and value.customer.country = 'DE' and exists(header.type)")))
                .containsExactly(0L);
    }

    @Test
    void aRecordOfASearchIsThatOfAPlainFetch() {
        api.writeNumbers(topic, 0, 0, 3);
        api.write(topic, 0, Api.JSON, List.of("{\"key\":7,\"value\":{\"a\":[1.10]},\"timestamp\":1500000000000}"));

        Api.Answer all = api.get(records + "?offset=3");
        Api.Answer found = fetch("exists(value.a)");

        assertThat(found.body()).isEqualTo(all.body());
    }

    @Test
    void aRecordThatIsFoundAndGivenAsAnEventHasItsOwnOffset() {
        api.writeNumbers(topic, 0, 0, 10);

        Api.Answer up = api.get(records + "?filter=" + encoded("value = 3"), "application/cloudevents-batch+json");
        Api.Answer down = api.get(records + "?order=desc&max_records=2", "application/cloudevents-batch+json");

        assertThat(up.json().findValuesAsText("id")).containsExactly("0:3");
        assertThat(down.json().findValuesAsText("id")).containsExactly("0:9", "0:8");
    }

    @Test
    void theResponseSaysHowFarItHasLooked() {
        api.writeNumbers(topic, 0, 0, 10);

        Api.Answer some = fetch("value = 3");
        Api.Answer none = fetch("value = 11");
        Api.Answer first = api.get(records + "?offset=0&max_records=1&filter=" + encoded("value = 3"));

        assertThat(offsets(some)).containsExactly(3L);
        assertThat(some.header("Trunkline-Next-Offset")).isEqualTo("10");
        assertThat(some.header("Trunkline-Passed-Records")).isEqualTo("9");
        assertThat(some.header("Link")).isEqualTo("<" + records + "?offset=10&filter=value+%3D+3>; rel=\"next\"");
        assertThat(none.json()).isEmpty();
        assertThat(none.header("Trunkline-Next-Offset")).isEqualTo("10");
        assertThat(none.header("Trunkline-Passed-Records")).isEqualTo("10");
        assertThat(first.header("Trunkline-Next-Offset")).isEqualTo("4");
        assertThat(first.header("Trunkline-Passed-Records")).isEqualTo("3");
        assertThat(api.get(records).header("Trunkline-Passed-Records")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"1,100000", "2,100000", "7,100000", "1000,1", "1000,200", "1000,1000"})
    void pagesOfAnySizeGiveEveryMatchOnce(int maxRecords, int maxBytes) {
        for (int i = 0; i < 90; i += 9) {
            int from = i;
            api.write(
                    topic,
                    0,
                    Api.JSON,
                    IntStream.range(from, from + 9)
                            .mapToObj(n -> "{\"value\":{\"third\":" + (n % 3 == 0) + ",\"n\":" + n + "}}")
                            .toList());
        }

        List<Long> seen = new ArrayList<>();
        String next = records + "?offset=0&max_records=" + maxRecords + "&max_bytes=" + maxBytes + "&filter="
                + encoded("value.third = true");
        for (Api.Answer page = api.get(next); ; page = api.get(next)) {
            assertThat(page.json().size()).isLessThanOrEqualTo(maxRecords);
            seen.addAll(offsets(page));
            if (page.header("Trunkline-Next-Offset").equals(page.header("Trunkline-End-Offset"))) {
                break;
            }
            String link = page.header("Link");
            next = link.substring(1, link.indexOf('>'));
        }

        assertThat(seen)
                .isEqualTo(
                        LongStream.range(0, 90).filter(n -> n % 3 == 0).boxed().toList());
    }

    /** Each response comes after a bounded amount of work, waits for nothing although it has no record, and moves on. */
    @Test
    void aFilterThatMatchesNothingInAMillionRecordsMovesOnInBoundedSteps() {
        String record = "{\"value\":1}";
        String body = "{\"records\":[" + record + ("," + record).repeat(49_999) + "]}";
        for (int i = 0; i < MILLION; i += 50_000) {
            assertThat(api.post("/topics/" + topic + "/partitions/0", Api.JSON, body)
                            .status())
                    .isEqualTo(200);
        }

        long offset = 0;
        long passed = 0;
        int requests = 0;
        while (offset < MILLION) {
            Api.Answer answer = api.get(records + "?offset=" + offset + "&timeout=" + (requests == 0 ? 60_000 : 0)
                    + "&filter=" + encoded("value = 2 and value = 3 and exists(value.a)"));

            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.json()).isEmpty();
            long next = Long.parseLong(answer.header("Trunkline-Next-Offset"));
            assertThat(next - offset)
                    .isEqualTo(Long.parseLong(answer.header("Trunkline-Passed-Records")))
                    .isBetween(1L, (16L << 20) / 64 + 50_000);
            passed += next - offset;
            offset = next;
            requests++;
        }
        assertThat(passed).isEqualTo(MILLION);
        assertThat(requests).isBetween(4, 8);
        assertThat(metric("trunkline_filter_records_total{result=\"passed\",}")).isGreaterThanOrEqualTo(MILLION);
        assertThat(metric("trunkline_filter_bytes_total")).isGreaterThanOrEqualTo(65.0 * MILLION);
    }

    @Test
    void aWaitEndsWithAMatchOnly() {
        api.writeNumbers(topic, 0, 0, 5);
        CompletableFuture<Api.Answer> poll =
                api.getLater(records + "?offset=0&timeout=60000&filter=" + encoded("value = 100"));
        for (int i = 5; i < 50; i += 5) {
            api.writeNumbers(topic, 0, i, i + 5);
        }
        Awaitility.await().during(Duration.ofMillis(400)).atMost(SOON).until(() -> !poll.isDone());

        api.writeNumbers(topic, 0, 100, 101);

        assertThat(poll).succeedsWithin(SOON).satisfies(answer -> {
            assertThat(offsets(answer)).containsExactly(50L);
            assertThat(answer.header("Trunkline-Next-Offset")).isEqualTo("51");
            assertThat(answer.header("Trunkline-Passed-Records")).isEqualTo("50");
        });
    }

    @Test
    void aWaitWithoutAMatchEndsBehindWhatWasLookedAt() {
        api.writeNumbers(topic, 0, 0, 5);
        CompletableFuture<Api.Answer> poll =
                api.getLater(records + "?offset=2&timeout=1500&filter=" + encoded("value = 100"));
        api.writeNumbers(topic, 0, 5, 10);

        assertThat(poll).succeedsWithin(SOON).satisfies(answer -> {
            assertThat(answer.json()).isEmpty();
            assertThat(answer.header("Trunkline-Next-Offset")).isEqualTo("10");
            assertThat(answer.header("Trunkline-Passed-Records")).isEqualTo("8");
            assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
        });
    }

    @Test
    void aFullPageMayBeCachedAndIsThatOfItsFilter() {
        api.writeNumbers(topic, 0, 0, 10);
        String path = records + "?offset=0&max_records=1&filter=";

        Api.Answer full = api.get(path + encoded("value = 3"));
        Api.Answer again = api.send(api.request(path + encoded("value = 3"))
                .header("If-None-Match", full.header("ETag"))
                .GET());
        Api.Answer other = api.send(api.request(path + encoded("value = 3.0"))
                .header("If-None-Match", full.header("ETag"))
                .GET());

        assertThat(full.header("Cache-Control")).contains("immutable");
        assertThat(again.status()).isEqualTo(304);
        assertThat(again.header("Trunkline-Next-Offset")).isEqualTo("4");
        assertThat(other.status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "value == 1", "value = 1 or value = 2", "$.a = 1", "value.a =~ '.*'"})
    void whatIsNoFilterIsRefused(String filter) {
        Api.Answer answer = fetch(filter);

        assertFailure(answer, 400, "INVALID_PARAMETER");
        assertThat(answer.json().path("message").asText()).startsWith("The parameter filter is invalid at character ");
    }

    @Test
    void twoFiltersAreRefused() {
        assertFailure(api.get(records + "?filter=exists(key)&filter=exists(value)"), 400, "INVALID_PARAMETER");
    }

    @Test
    void bytesThatAreNoTextAreRefused() {
        assertFailure(api.get(records + "?filter=key='%ff'"), 400, "INVALID_PARAMETER");
    }

    @Test
    void anOffsetOutOfRangeIsSoWithAFilterToo() {
        api.writeNumbers(topic, 0, 0, 5);
        api.delete(records + "?before=3");

        assertFailure(api.get(records + "?offset=2&filter=exists(key)"), 416, "OFFSET_OUT_OF_RANGE");
        assertFailure(api.get(records + "?offset=6&filter=exists(key)"), 416, "OFFSET_OUT_OF_RANGE");
        assertThat(offsets(fetchFrom(3, "exists(value)"))).containsExactly(3L, 4L);
    }

    private double metric(String name) {
        return ops.get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
                .findFirst()
                .orElseThrow();
    }

    private Api.Answer fetch(String filter) {
        return fetchFrom(0, filter);
    }

    private Api.Answer fetchFrom(long offset, String filter) {
        return api.get(records + "?offset=" + offset + "&filter=" + encoded(filter));
    }

    private static String encoded(String filter) {
        return URLEncoder.encode(filter, StandardCharsets.UTF_8);
    }

    private static List<Long> offsets(Api.Answer answer) {
        List<JsonNode> records = Consumer.records(answer);
        return Consumer.offsets(records);
    }
}
