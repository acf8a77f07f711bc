package io.trunkline.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.Metrics;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.topic.Topic;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A reader's way through partitions: page by page, as it asks, and no further. */
@QuarkusTest
class FollowTest extends ServiceTestCase {
    private static final FetchLimits LIMITS = new FetchLimits(1, 1 << 20, 1_000, Duration.ZERO);
    private static final FetchLimits TWO = new FetchLimits(1, 1 << 20, 2, Duration.ZERO);

    @Inject
    Logs logs;

    @Inject
    Topics topics;

    private String name = "";
    private Topic topic;

    @BeforeEach
    void createTopic() {
        name = api.newTopic(3);
        topic = topics.get(new TopicName(name)).join();
    }

    @Test
    void pagesFollowOneAnotherWithoutAHole() throws Exception {
        api.writeNumbers(name, 0, 0, 5);
        List<Long> offsets = new ArrayList<>();
        try (Follow follow = logs.follow(List.of(at(0, 0)))) {
            for (int page = 0; page < 3; page++) {
                offsets.addAll(offsets(get(follow.next(TWO)), 0));
            }
            CompletableFuture<Map<Long, FetchOutcome>> waiting = follow.next(TWO);
            assertThat(waiting).isNotDone();
            api.writeNumbers(name, 0, 5, 7);
            offsets.addAll(offsets(get(waiting), 0));
            while (offsets.size() < 7) {
                offsets.addAll(offsets(get(follow.next(TWO)), 0));
            }
        }

        assertThat(offsets)
                .containsExactlyElementsOf(LongStream.range(0, 7).boxed().toList());
    }

    @Test
    void nothingIsReadBeforeItIsAskedFor() throws Exception {
        try (Follow follow = logs.follow(List.of(at(0, 0)))) {
            CompletableFuture<Map<Long, FetchOutcome>> first = follow.next(LIMITS);
            assertThatThrownBy(() -> follow.next(LIMITS)).isInstanceOf(IllegalStateException.class);
            api.writeNumbers(name, 0, 0, 1);
            get(first);
            api.writeNumbers(name, 0, 1, 2);
            api.writeNumbers(name, 0, 2, 3);

            assertThat(offsets(get(follow.next(LIMITS)), 0)).containsExactly(1L, 2L);
        }
    }

    @Test
    void everyPartitionHasItsTurn() throws Exception {
        for (int partition = 0; partition < 3; partition++) {
            api.writeNumbers(name, partition, 0, 40);
        }
        FetchLimits few = new FetchLimits(1, 2_000, 5, Duration.ZERO);
        List<Integer> read = new ArrayList<>(List.of(0, 0, 0));
        try (Follow follow = logs.follow(List.of(at(0, 0), at(1, 0), at(2, 0)))) {
            while (read.stream().mapToInt(Integer::intValue).sum() < 120) {
                Map<Long, FetchOutcome> found = get(follow.next(few));
                for (int partition = 0; partition < 3; partition++) {
                    read.set(
                            partition,
                            read.get(partition) + offsets(found, partition).size());
                }
                assertThat(read.stream().mapToInt(Integer::intValue).max().orElseThrow()
                                - read.stream()
                                        .mapToInt(Integer::intValue)
                                        .min()
                                        .orElseThrow())
                        .isLessThan(40);
            }
        }
        assertThat(read).containsExactly(40, 40, 40);
    }

    @Test
    void readerThatIsOvertakenIsToldAndGoesOnWhereItSays() throws Exception {
        api.writeNumbers(name, 0, 0, 10);
        try (Follow follow = logs.follow(List.of(at(0, 2)))) {
            api.send("DELETE", "/topics/" + name + "/partitions/0/records?before=6", Api.CONTROL, "");

            Map<Long, FetchOutcome> found = get(follow.next(LIMITS));
            assertThat(found.get(topic.partitionId(0))).isInstanceOfSatisfying(FetchOutcome.OutOfRange.class, out -> {
                assertThat(out.range()).isEqualTo(new OffsetRange(6, 10));
                follow.seek(at(0, 6), out.range());
            });
            assertThat(offsets(get(follow.next(LIMITS)), 0)).containsExactly(6L, 7L, 8L, 9L);
        }
    }

    /** The rows are still there, as far as the purge has not come. */
    @Test
    void recordsThatAreDeletedWhileAReaderIsUnderWayAreNotGivenOutAnyMore() throws Exception {
        api.writeNumbers(name, 0, 0, 100);
        try (Follow follow = logs.follow(List.of(at(0, 0)))) {
            assertThat(offsets(get(follow.next(TWO)), 0)).containsExactly(0L, 1L);
            api.send("DELETE", "/topics/" + name + "/partitions/0/records?before=60", Api.CONTROL, "");
            long deleted = System.nanoTime();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> System.nanoTime() - deleted >= Follow.FRESH.toNanos());

            Map<Long, FetchOutcome> found = get(follow.next(TWO));

            assertThat(found.get(topic.partitionId(0))).isInstanceOfSatisfying(FetchOutcome.OutOfRange.class, out -> {
                assertThat(out.range()).isEqualTo(new OffsetRange(60, 100));
                follow.seek(at(0, 60), out.range());
            });
            assertThat(offsets(get(follow.next(TWO)), 0)).containsExactly(60L, 61L);
        }
    }

    /** What a reader was told of long ago counts as old when it comes for it. */
    @Test
    void newsThatWaitedForASlowReaderAreOld() throws Exception {
        try (Follow follow = logs.follow(List.of(at(0, 0)))) {
            CompletableFuture<Map<Long, FetchOutcome>> first = follow.next(LIMITS);
            api.writeNumbers(name, 0, 0, 1);
            get(first);
            api.writeNumbers(name, 0, 1, 10);
            api.send("DELETE", "/topics/" + name + "/partitions/0/records?before=6", Api.CONTROL, "");
            long deleted = System.nanoTime();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> System.nanoTime() - deleted >= Follow.FRESH.toNanos());

            assertThat(get(follow.next(LIMITS)).get(topic.partitionId(0)))
                    .isEqualTo(new FetchOutcome.OutOfRange(new OffsetRange(6, 10)));
        }
    }

    @Test
    void partitionsCanBeAddedWhileAPageIsWaitedFor() throws Exception {
        try (Follow follow = logs.follow(List.of(at(0, 0)))) {
            api.writeNumbers(name, 2, 0, 1);
            CompletableFuture<Map<Long, FetchOutcome>> page = follow.next(LIMITS);

            follow.add(List.of(at(2, 0)));

            assertThat(offsets(get(page), 2)).containsExactly(0L);
            api.writeNumbers(name, 2, 1, 2);
            assertThat(offsets(get(follow.next(LIMITS)), 2)).containsExactly(1L);
        }
    }

    @Test
    void followOfADeletedTopicFails() {
        try (Follow follow = logs.follow(List.of(at(0, 0)))) {
            CompletableFuture<Map<Long, FetchOutcome>> page = follow.next(LIMITS);
            api.delete("/topics/" + name);

            assertThatThrownBy(() -> get(page)).isInstanceOf(ExecutionException.class);
            assertThat(Failures.code(page.exceptionNow())).isEqualTo(ErrorCode.PARTITION_NOT_FOUND);
        }
    }

    @Test
    void closingEndsTheWaitAndLeavesNothing() throws Exception {
        double before = waiting();
        Follow follow = logs.follow(List.of(at(0, 0), at(1, 0)));
        CompletableFuture<Map<Long, FetchOutcome>> page = follow.next(LIMITS);
        assertThat(waiting()).isEqualTo(before + 1);

        follow.close();

        assertThat(get(page)).isEmpty();
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> waiting() == before);
    }

    private static double waiting() {
        return Metrics.globalRegistry.get("trunkline.fetch.waiting").gauge().value();
    }

    private Position at(int partition, long offset) {
        return new Position(topic.partitionId(partition), offset);
    }

    private List<Long> offsets(Map<Long, FetchOutcome> found, int partition) {
        List<Long> offsets = new ArrayList<>();
        if (found.get(topic.partitionId(partition)) instanceof FetchOutcome.Page page) {
            page.batches()
                    .forEach(batch -> LongStream.range(batch.baseOffset(), batch.nextOffset())
                            .forEach(offsets::add));
        }
        return offsets;
    }

    private static <T> T get(CompletableFuture<T> future)
            throws InterruptedException, ExecutionException, TimeoutException {
        return future.get(30, TimeUnit.SECONDS);
    }
}
