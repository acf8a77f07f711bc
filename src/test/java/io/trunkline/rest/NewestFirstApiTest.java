package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.ServiceTestCase;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Fetches whose offsets go down. */
@QuarkusTest
class NewestFirstApiTest extends ServiceTestCase {
    private String topic;
    private String records;

    @BeforeEach
    void topic() {
        topic = api.newTopic(1);
        records = "/topics/" + topic + "/partitions/0/records";
    }

    @Test
    void theNewestComesFirst() {
        api.writeNumbers(topic, 0, 0, 3);
        api.writeNumbers(topic, 0, 3, 5);

        Api.Answer answer = api.get(records + "?order=desc");

        assertThat(offsets(answer)).containsExactly(4L, 3L, 2L, 1L, 0L);
        assertThat(answer.json().get(0).path("value").asInt()).isEqualTo(4);
        assertThat(answer.header("Trunkline-End-Offset")).isEqualTo("5");
        assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
    }

    @Test
    void theNextPageLiesBelowAndTheLastOneHasNone() {
        api.writeNumbers(topic, 0, 0, 5);

        Api.Answer page = api.get(records + "?order=desc&max_records=2&offset=3");
        Api.Answer last = api.get(records + "?order=desc&max_records=2&offset=1");

        assertThat(offsets(page)).containsExactly(3L, 2L);
        assertThat(page.header("Trunkline-Next-Offset")).isEqualTo("1");
        assertThat(page.header("Link")).isEqualTo("<" + records + "?offset=1&max_records=2&order=desc>; rel=\"next\"");
        assertThat(page.header("Cache-Control")).contains("immutable");
        assertThat(offsets(last)).containsExactly(1L, 0L);
        assertThat(last.header("Trunkline-Next-Offset")).isEmpty();
        assertThat(last.header("Link")).isEmpty();
        assertThat(last.header("Cache-Control")).isEqualTo("no-store");
    }

    @ParameterizedTest
    @CsvSource({"1,100000", "3,100000", "1000,1", "1000,300", "1000,3000", "1000,100000"})
    void pagesOfAnySizeGiveEveryRecordOnce(int maxRecords, int maxBytes) {
        int[] sizes = {1, 1, 7, 30, 2, 1, 19};
        int end = 0;
        for (int size : sizes) {
            api.writeNumbers(topic, 0, end, end + size);
            end += size;
        }
        api.delete(records + "?before=5"); // in the midst of a batch

        List<Long> seen = new ArrayList<>();
        String next = records + "?order=desc&max_records=" + maxRecords + "&max_bytes=" + maxBytes;
        while (!next.isEmpty()) {
            Api.Answer page = api.get(next);
            assertThat(page.json().size()).isBetween(1, maxRecords);
            page.json()
                    .forEach(record -> assertThat(record.path("value").asLong())
                            .isEqualTo(record.path("offset").asLong()));
            seen.addAll(offsets(page));
            String link = page.header("Link");
            next = link.isEmpty() ? "" : link.substring(1, link.indexOf('>'));
        }

        assertThat(seen).isEqualTo(LongStream.range(5, end).boxed().toList().reversed());
    }

    @ParameterizedTest
    @CsvSource({"1,1", "1063,1", "2127,1", "2128,2", "5320,5", "100000,10"})
    void pageEndsAtTheLastRecordThatFitsAndHasAtLeastOne(int maxBytes, int count) {
        String record = "{\"value\":\"" + "x".repeat(998) + "\"}"; // 1000 bytes with its quotes, and 64 for each record
        api.write(topic, 0, Api.JSON, Collections.nCopies(4, record));
        api.write(topic, 0, Api.JSON, Collections.nCopies(6, record));

        assertThat(api.get(records + "?order=desc&max_bytes=" + maxBytes).json())
                .hasSize(count);
    }

    @Test
    void theNewestThatMatchIsFound() {
        for (int i = 0; i < 300; i += 30) {
            api.writeNumbers(topic, 0, i, i + 30);
        }

        Api.Answer found = api.get(records + "?order=desc&max_records=1&filter=value=7");
        Api.Answer none = api.get(records + "?order=desc&filter=value=700");

        assertThat(offsets(found)).containsExactly(7L);
        assertThat(found.header("Trunkline-Next-Offset")).isEqualTo("6");
        assertThat(found.header("Trunkline-Passed-Records")).isEqualTo("292");
        assertThat(found.header("Link"))
                .isEqualTo("<" + records + "?offset=6&max_records=1&filter=value%3D7&order=desc>; rel=\"next\"");
        assertThat(none.json()).isEmpty();
        assertThat(none.header("Trunkline-Next-Offset")).isEmpty();
        assertThat(none.header("Trunkline-Passed-Records")).isEqualTo("300");
    }

    @Test
    void aPartitionWithoutRecordsHasAnEmptyPageWithoutANextOne() {
        Api.Answer never = api.get(records + "?order=desc");
        api.writeNumbers(topic, 0, 0, 3);
        api.delete(records + "?before=-1");
        Api.Answer deleted = api.get(records + "?order=desc");
        Api.Answer atEnd = api.get(records + "?order=desc&offset=3");

        for (Api.Answer answer : List.of(never, deleted, atEnd)) {
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.json()).isEmpty();
            assertThat(answer.header("Trunkline-Next-Offset")).isEmpty();
        }
        assertThat(deleted.header("Trunkline-Log-Start-Offset")).isEqualTo("3");
    }

    @Test
    void theEndIsTheNewestAndWhatLiesOutsideIsOutOfRange() {
        api.writeNumbers(topic, 0, 0, 5);
        api.delete(records + "?before=2");

        assertThat(offsets(api.get(records + "?order=desc&offset=5"))).containsExactly(4L, 3L, 2L);
        assertFailure(api.get(records + "?order=desc&offset=6"), 416, "OFFSET_OUT_OF_RANGE");
        assertFailure(api.get(records + "?order=desc&offset=1"), 416, "OFFSET_OUT_OF_RANGE");
    }

    /** The end moves with what is appended, and what lies below it is another page then. */
    @Test
    void aPageThatBeginsBelowTheEndIsNotCached() {
        api.writeNumbers(topic, 0, 0, 3);
        Api.Answer atTheEnd = api.get(records + "?order=desc&offset=3&max_records=1");
        Api.Answer below = api.get(records + "?order=desc&offset=2&max_records=1");

        assertThat(offsets(atTheEnd)).containsExactly(2L);
        assertThat(atTheEnd.header("Cache-Control")).isEqualTo("no-store");
        assertThat(atTheEnd.header("ETag")).isEmpty();
        assertThat(below.header("Cache-Control")).contains("immutable");
    }

    @Test
    void aPageUpwardsIsNotTakenForOneDownwards() {
        api.writeNumbers(topic, 0, 0, 5);
        Api.Answer up = api.get(records + "?offset=2&max_records=1&order=asc");

        Api.Answer down = api.send(api.request(records + "?offset=2&max_records=1&order=desc")
                .header("If-None-Match", up.header("ETag"))
                .GET());

        assertThat(offsets(up)).containsExactly(2L);
        assertThat(down.status()).isEqualTo(200);
        assertThat(down.header("ETag")).isNotEqualTo(up.header("ETag"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "order=down",
                "order=DESC",
                "order=desc&timeout=100",
                "order=desc&timestamp=5",
                "order=desc&offset=-1"
            })
    void whatHasNoMeaningIsRefused(String query) {
        assertFailure(api.get(records + "?" + query), 400, "INVALID_PARAMETER");
    }

    @Test
    void consumersHaveNoOrder() {
        Consumer consumer = group.consumer().subscribe(topic);

        assertFailure(consumer.pollAnswer("order=desc"), 400, "INVALID_PARAMETER");
    }

    private static List<Long> offsets(Api.Answer answer) {
        return Consumer.offsets(Consumer.records(answer));
    }
}
