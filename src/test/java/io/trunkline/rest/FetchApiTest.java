package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceTestCase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
class FetchApiTest extends ServiceTestCase {
    private String topic;
    private String records;

    @BeforeEach
    void topic() {
        topic = api.newTopic(1);
        records = "/topics/" + topic + "/partitions/0/records";
    }

    @Test
    void recordHasTopicPartitionOffsetAndWhatWasSent() {
        produce(
                "{\"key\":{\"id\":1},\"value\":[1.10,true],\"timestamp\":1500000000000,\"headers\":[{\"key\":\"h\",\"value\":\"AQI=\"}]}");

        Api.Answer answer = api.get(records + "?offset=0");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).isEqualTo(Api.JSON);
        assertThat(answer.body())
                .isEqualTo("[{\"topic\":\"" + topic
                        + "\",\"partition\":0,\"offset\":0,\"timestamp\":1500000000000,\"key\":{\"id\":1},\"value\":[1.10,true],"
                        + "\"headers\":[{\"key\":\"h\",\"value\":\"AQI=\"}]}]");
    }

    @Test
    void headersTellWhereToGoOnAndWhatCanBeRead() {
        produceNumbers(0, 5);

        Api.Answer answer = api.get(records + "?offset=1&max_records=2");

        assertThat(offsets(answer)).containsExactly(1L, 2L);
        assertThat(answer.header("Trunkline-Next-Offset")).isEqualTo("3");
        assertThat(answer.header("Trunkline-Log-Start-Offset")).isEqualTo("0");
        assertThat(answer.header("Trunkline-End-Offset")).isEqualTo("5");
        assertThat(answer.header("Link")).isEqualTo("<" + records + "?offset=3&max_records=2>; rel=\"next\"");
    }

    @Test
    void withoutAnOffsetReadingBeginsAtTheLogStart() {
        produceNumbers(0, 3);

        assertThat(offsets(api.get(records))).containsExactly(0L, 1L, 2L);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 100})
    void pagesOfAnySizeGiveEveryRecordOnce(int size) {
        for (int i = 0; i < 20; i += 4) {
            produceNumbers(i, i + 4);
        }

        List<Long> seen = new ArrayList<>();
        String next = records + "?offset=0&max_records=" + size;
        for (Api.Answer page = api.get(next); !page.json().isEmpty(); page = api.get(next)) {
            assertThat(page.json().size()).isLessThanOrEqualTo(size);
            seen.addAll(offsets(page));
            String link = page.header("Link");
            next = link.substring(1, link.indexOf('>'));
        }

        assertThat(seen).hasSize(20).isSorted().doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @CsvSource({"1,1", "1063,1", "2127,1", "2128,2", "5320,5", "100000,10"})
    void pageEndsAtTheLastRecordThatFitsAndHasAtLeastOne(int maxBytes, int count) {
        String record = "{\"value\":\"" + "x".repeat(998) + "\"}"; // 1000 bytes with its quotes, and 64 for each record
        produce(record + ",".repeat(1) + String.join(",", java.util.Collections.nCopies(9, record)));

        assertThat(api.get(records + "?offset=0&max_bytes=" + maxBytes).json()).hasSize(count);
    }

    @Test
    void fullPageOfThePastMayBeCachedAndIsNotSentTwice() {
        produceNumbers(0, 10);

        Api.Answer full = api.get(records + "?offset=0&max_records=4");
        Api.Answer again = api.send(api.request(records + "?offset=0&max_records=4")
                .header("If-None-Match", full.header("ETag"))
                .GET());
        Api.Answer otherFormat = api.send(api.request(records + "?offset=0&max_records=4")
                .header("If-None-Match", full.header("ETag"))
                .header("Accept", Api.BINARY)
                .GET());
        Api.Answer tail = api.get(records + "?offset=8&max_records=4");

        assertThat(full.header("Cache-Control")).contains("immutable");
        assertThat(again.status()).isEqualTo(304);
        assertThat(again.header("Trunkline-Next-Offset")).isEqualTo("4");
        assertThat(otherFormat.status()).isEqualTo(200);
        assertThat(tail.header("Cache-Control")).isEqualTo("no-store");
        assertThat(tail.header("ETag")).isEmpty();
    }

    @Test
    void offsetBeyondTheEndIsOutOfRangeAndTheEndIsNot() {
        produceNumbers(0, 2);

        Api.Answer atEnd = api.get(records + "?offset=2");
        Api.Answer beyond = api.get(records + "?offset=3");

        assertThat(atEnd.status()).isEqualTo(200);
        assertThat(atEnd.json()).isEmpty();
        assertThat(beyond.status()).isEqualTo(416);
        assertThat(beyond.code()).isEqualTo("OFFSET_OUT_OF_RANGE");
        assertThat(beyond.header("Trunkline-Log-Start-Offset")).isEqualTo("0");
        assertThat(beyond.header("Trunkline-End-Offset")).isEqualTo("2");
    }

    @ParameterizedTest
    @CsvSource({"0,0", "10,0", "11,1", "30,1", "31,4", "40,4", "41,6", "1000,6"})
    void timeFindsTheFirstRecordThatIsNotOlder(long timestamp, long offset) {
        produce(at(10) + "," + at(30) + "," + at(20));
        produce(at(5));
        produce(at(40) + "," + at(15));

        Api.Answer answer = api.get(records + "?timestamp=" + timestamp);

        assertThat(answer.header("Trunkline-Next-Offset")).isEqualTo("6");
        if (offset == 6) {
            assertThat(answer.json()).isEmpty();
        } else {
            assertThat(offsets(answer).getFirst()).isEqualTo(offset);
        }
    }

    @Test
    void longPollAnswersAsSoonAsThereIsARecord() {
        CompletableFuture<Api.Answer> poll = api.getLater(records + "?offset=0&timeout=60000");
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> waiting() >= 1);
        assertThat(poll).isNotDone();

        produceNumbers(0, 1);

        assertThat(poll)
                .succeedsWithin(Duration.ofSeconds(10))
                .satisfies(answer -> assertThat(offsets(answer)).containsExactly(0L));
    }

    @Test
    void longPollEndsWithItsTimeoutAndNoRecords() {
        long start = System.nanoTime();

        Api.Answer answer = api.get(records + "?offset=0&timeout=500");

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(450));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json()).isEmpty();
    }

    @Test
    void longPollOfATopicThatIsDeletedIsToldSo() {
        CompletableFuture<Api.Answer> poll = api.getLater(records + "?offset=0&timeout=60000");
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> waiting() >= 1);

        api.delete("/topics/" + topic);

        assertThat(poll)
                .succeedsWithin(Duration.ofSeconds(10))
                .satisfies(answer -> assertThat(answer.code()).isEqualTo("TOPIC_NOT_FOUND"));
    }

    @Test
    void aThousandLongPollsHoldNoThreadEach() {
        List<CompletableFuture<Api.Answer>> polls = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            polls.add(api.getLater(records + "?offset=0&timeout=60000"));
        }
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> waiting() >= 1000);
        long fetchThreads = Thread.getAllStackTraces().keySet().stream()
                .filter(t -> t.getName().startsWith("fetch-") || t.getName().startsWith("executor-thread"))
                .count();

        produceNumbers(0, 1);

        assertThat(fetchThreads).isLessThan(100);
        assertThat(CompletableFuture.allOf(polls.toArray(new CompletableFuture<?>[0])))
                .succeedsWithin(Duration.ofSeconds(30));
        assertThat(polls).allSatisfy(p -> assertThat(offsets(p.join())).containsExactly(0L));
    }

    private double waiting() {
        return io.micrometer.core.instrument.Metrics.globalRegistry
                .get("trunkline.fetch.waiting")
                .gauge()
                .value();
    }

    private static String at(long timestamp) {
        return "{\"value\":0,\"timestamp\":" + timestamp + "}";
    }

    private void produce(String list) {
        Api.Answer answer = api.post("/topics/" + topic, Api.JSON, "{\"records\":[" + list + "]}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    }

    private void produceNumbers(int from, int to) {
        List<String> list = new ArrayList<>();
        for (int i = from; i < to; i++) {
            list.add("{\"value\":" + i + "}");
        }
        produce(String.join(",", list));
    }

    private static List<Long> offsets(Api.Answer answer) {
        List<Long> offsets = new ArrayList<>();
        for (JsonNode record : answer.json()) {
            offsets.add(record.path("offset").asLong());
        }
        return offsets;
    }
}
