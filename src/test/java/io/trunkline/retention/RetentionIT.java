package io.trunkline.retention;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two replicas that purge every second, through slices of a few seconds, while records are written and read: for
 * {@code retention.seconds}.
 */
class RetentionIT {
    private static final int RETENTION_MILLIS = 3_000;
    private static final int RETENTION_BYTES = 200_000;
    private static final int VALUE_BYTES = 1_000;
    /** What a record counts for beside its value, generously. */
    private static final int MOST_OVERHEAD_BYTES = 100;

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path directory = Path.of("");

    private final int seconds = Integer.getInteger("retention.seconds", 20);
    /** Several follow one another, however short the run. */
    private final int sliceSeconds = Math.clamp(seconds / 5, 4, 8);

    private final TestDatabase database = TestDatabase.inASharedServer();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicBoolean over = new AtomicBoolean();
    private Map<String, String> settings = Map.of();

    @BeforeEach
    void startDatabase() {
        settings = new HashMap<>(database.start());
        settings.put("trunkline.retention.check-interval", "1s");
        settings.put("trunkline.log.slices.length", "1m");
        settings.put("trunkline.idempotency.retention", "50m");
        settings.put("trunkline.log.slices.check-interval", "5s");
    }

    @AfterEach
    void stopDatabase() {
        over.set(true);
        threads.shutdownNow();
        database.stop();
    }

    @Test
    void purgesBesideProducersAndReadersLoseNothingThatIsKept() throws Exception {
        try (ServiceProcess one = ServiceProcess.start(directory, settings);
                ServiceProcess other = ServiceProcess.start(directory, settings)) {
            int firstSlice = shortenSlices();
            Api api = one.api();
            create(api, "brief", "{\"retention.ms\":" + RETENTION_MILLIS + "}");
            create(api, "capped", "{\"retention.ms\":-1,\"retention.bytes\":" + RETENTION_BYTES + "}");
            create(api, "forever", "{\"retention.ms\":-1}");
            Writer brief = new Writer("brief", one.api(), Integer.MAX_VALUE);
            Writer capped = new Writer("capped", other.api(), Integer.MAX_VALUE);
            // At the beginning only, so that slices follow that nobody keeps.
            Writer forever = new Writer("forever", one.api(), 200);
            List<Writer> writers = List.of(brief, capped, forever);
            List<Future<?>> writing = new ArrayList<>();
            writers.forEach(writer -> writing.add(threads.submit(writer)));
            List<Future<Long>> reading = List.of(
                    threads.submit(() -> readAtTheTail(other.api(), brief)),
                    threads.submit(() -> readAtTheTail(one.api(), capped)),
                    threads.submit(() -> readAtTheStart(one.api(), brief)),
                    threads.submit(() -> readAtTheStart(other.api(), capped)));

            over(writing, reading);

            for (Future<Long> reader : reading) {
                assertThat(reader.get()).as("records read").isGreaterThan(seconds);
            }
            System.out.println("RetentionIT: wrote " + brief.written + ", " + capped.written + ", " + forever.written
                    + "; read " + reading.stream().map(Future::resultNow).toList() + "; slices left " + slices());
            assertThat(read(api, forever, 0)).isEqualTo(forever.written.get());
            long start = api.get("/topics/capped/partitions/0/offsets")
                    .json()
                    .path("beginning_offset")
                    .asLong();
            assertThat((capped.written.get() - start) * (VALUE_BYTES + MOST_OVERHEAD_BYTES))
                    .isGreaterThanOrEqualTo(RETENTION_BYTES);
            // All that can go goes, and the slices with it.
            Awaitility.await().atMost(PATIENCE).until(() -> read(other.api(), brief, -1) == 0);
            assertThat(slices()).contains(firstSlice);
            assertThat(slices().size())
                    .as("slices left of " + slices().getLast())
                    .isLessThan(slices().getLast() - 2);
            assertThat(one.output() + other.output())
                    .contains("Freed a slice")
                    .doesNotContain("ERROR")
                    .doesNotContain("could not be removed");
        }
    }

    private void over(List<Future<?>> writing, List<Future<Long>> reading) throws Exception {
        try {
            Awaitility.await()
                    .atMost(Duration.ofSeconds(seconds + 1L))
                    .pollInterval(Duration.ofMillis(100))
                    .pollDelay(Duration.ofSeconds(seconds))
                    .until(() -> true);
        } finally {
            over.set(true);
        }
        for (Future<?> writer : writing) {
            writer.get(30, TimeUnit.SECONDS);
        }
        for (Future<Long> reader : reading) {
            reader.get(30, TimeUnit.SECONDS);
        }
    }

    /** Writes numbered records one after the other and remembers when each was sent. */
    private final class Writer implements Runnable {
        private final String topic;
        private final Api api;
        private final int most;
        private final AtomicLong written = new AtomicLong();
        private final List<Long> sentAt = Collections.synchronizedList(new ArrayList<>());

        Writer(String topic, Api api, int most) {
            this.topic = topic;
            this.api = api;
            this.most = most;
        }

        @Override
        public void run() {
            while (!over.get() && written.get() < most) {
                String value = written.get() + "-" + "v".repeat(VALUE_BYTES);
                sentAt.add(System.nanoTime());
                Api.Answer answer =
                        api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"" + value + "\"}]}");
                assertThat(answer.status()).as(answer.body()).isEqualTo(200);
                assertThat(answer.json().path("offsets").path(0).path("offset").asLong())
                        .isEqualTo(written.getAndIncrement());
            }
        }

        boolean keptWhenAnswered(long offset, long answeredAt) {
            return answeredAt - sentAt.get((int) offset)
                    < Duration.ofMillis(RETENTION_MILLIS).toNanos();
        }
    }

    private long readAtTheTail(Api api, Writer writer) {
        long offset = 0;
        while (!over.get()) {
            offset += page(api, writer, offset, "&timeout=500");
        }
        return offset;
    }

    private long readAtTheStart(Api api, Writer writer) {
        long records = 0;
        while (!over.get()) {
            long start = api.get("/topics/" + writer.topic + "/partitions/0/offsets")
                    .json()
                    .path("beginning_offset")
                    .asLong();
            records += page(api, writer, start, "");
        }
        return records;
    }

    /** Reads a page, or learns that the offset is gone and that it may be; answers how far the reader has come. */
    private static long page(Api api, Writer writer, long from, String more) {
        Api.Answer answer =
                api.get("/topics/" + writer.topic + "/partitions/0/records?offset=" + from + more, Api.TEXT);
        long now = System.nanoTime();
        if (answer.status() == 416) {
            long start = Long.parseLong(answer.header("Trunkline-Log-Start-Offset"));
            long end = Long.parseLong(answer.header("Trunkline-End-Offset"));
            assertThat(start).as("log start").isGreaterThan(from);
            if (writer.topic.equals("brief")) {
                assertThat(writer.keptWhenAnswered(start - 1, now))
                        .as("offset %s was removed too early", start - 1)
                        .isFalse();
            } else {
                assertThat((end - start) * (VALUE_BYTES + MOST_OVERHEAD_BYTES))
                        .as("%s to %s are kept", start, end)
                        .isGreaterThanOrEqualTo(RETENTION_BYTES);
            }
            return start - from;
        }
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        long next = from;
        for (JsonNode record : answer.json()) {
            assertThat(record.path("offset").asLong()).isEqualTo(next);
            assertThat(record.path("value").asText()).startsWith(next + "-");
            next++;
        }
        return next - from;
    }

    /** How many records there are from an offset, or the log start, to the end. */
    private static long read(Api api, Writer writer, long from) {
        long offset = from >= 0
                ? from
                : api.get("/topics/" + writer.topic + "/partitions/0/offsets")
                        .json()
                        .path("beginning_offset")
                        .asLong();
        long records = 0;
        for (long more = -1; more != 0; records += more) {
            more = page(api, writer, offset + records, "");
        }
        return records;
    }

    private static void create(Api api, String topic, String configs) {
        Api.Answer answer = api.post(
                "/admin/topics",
                Api.CONTROL,
                "{\"topic_name\":\"" + topic + "\",\"partitions_count\":1,\"configs\":" + configs + "}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(201);
    }

    /** Puts slices of a few seconds in the place of those that were made for days to come; answers the current one. */
    private int shortenSlices() throws SQLException {
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            statement.execute(
                    "UPDATE trunkline.slice SET starts_at = timestamptz '2000-01-01' + slice * interval '1 day'");
            statement.execute("SELECT trunkline.prepare_slices(interval '1 minute', 20)");
            int first =
                    (int) number(statement, "SELECT min(slice) FROM trunkline.slice WHERE starts_at > '2001-01-01'");
            statement.execute("UPDATE trunkline.slice SET starts_at = clock_timestamp() + (slice - " + first
                    + ") * interval '" + sliceSeconds + " seconds' WHERE slice >= " + first);
            return first;
        }
    }

    private static List<Integer> slices() throws SQLException {
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement();
                ResultSet rows = statement.executeQuery(
                        "SELECT slice FROM trunkline.slice WHERE starts_at <= clock_timestamp() ORDER BY slice")) {
            List<Integer> slices = new ArrayList<>();
            while (rows.next()) {
                slices.add(rows.getInt(1));
            }
            return slices;
        }
    }

    private static long number(Statement statement, String query) throws SQLException {
        try (ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getLong(1);
        }
    }
}
