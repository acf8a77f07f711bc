package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.ServiceTestCase;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.RepeatedTest;

/**
 * Fetches and polls that wait for a match while many clients write records that do not match. Appends wake them again and again, often
 * with an end that is older than the records they have already looked at.
 */
@QuarkusTest
class FilteredWaitsTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int WRITERS = 8;
    private static final int CALLS = 60;
    private static final int RECORDS = WRITERS * CALLS;
    private static final String MATCH = "filter=" + URLEncoder.encode("value = 'found'", StandardCharsets.UTF_8);

    @RepeatedTest(3)
    void olderNewsDoesNotEndAWaitAndDoesNotMoveItBack() throws Exception {
        String topic = api.newTopic(1);
        Consumer consumer = group.consumer().subscribe(topic);
        List<CompletableFuture<Api.Answer>> fetches = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            fetches.add(api.getLater("/topics/" + topic + "/partitions/0/records?offset=0&timeout=60000&" + MATCH));
        }
        CompletableFuture<Api.Answer> poll = consumer.pollLater("timeout=60000&" + MATCH);

        writeRecordsThatDoNotMatch(topic);
        api.write(topic, 0, Api.JSON, List.of("{\"value\":\"found\"}"));

        fetches.add(poll);
        for (CompletableFuture<Api.Answer> each : fetches) {
            assertThat(each).succeedsWithin(PATIENCE).satisfies(answer -> {
                assertThat(answer.status()).as(answer.body()).isEqualTo(200);
                assertThat(Consumer.offsets(Consumer.records(answer))).containsExactly((long) RECORDS);
                assertThat(answer.header("Trunkline-Passed-Records"))
                        .as("each record is looked at once")
                        .isEqualTo(String.valueOf(RECORDS));
            });
        }
        assertThat(consumer.poll("timeout=100")).isEmpty();
    }

    private void writeRecordsThatDoNotMatch(String topic) throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(WRITERS)) {
            List<Callable<Void>> writers = new ArrayList<>();
            for (int w = 0; w < WRITERS; w++) {
                writers.add(() -> {
                    for (int call = 0; call < CALLS; call++) {
                        api.write(topic, 0, Api.JSON, List.of("{\"value\":\"other\"}"));
                    }
                    return null;
                });
            }
            for (Future<Void> writer : threads.invokeAll(writers)) {
                writer.get();
            }
        }
    }
}
