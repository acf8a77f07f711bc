package io.trunkline.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The promises of the log, over HTTP against a real PostgreSQL, beside real concurrency and a failing network. */
@QuarkusTest
class LogInvariantsTest extends ServiceTestCase {
    private static final int WRITERS = 16;
    private static final int CALLS = 40;

    @AfterEach
    void networkWorks() {
        TestDatabase.network().comeBack();
        // Connections that the test broke are found out here, not in the next test.
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> api.get("/topics").status() == 200);
    }

    /** Invariants 1 to 3: offsets without gap or repetition, and a reader beside who never skips one. */
    @Test
    void manyWritersLeaveNoGapAndAReaderBesideThemNeverSkips() throws Exception {
        String topic = api.newTopic(1);
        Map<Long, String> acknowledged = new HashMap<>();
        AtomicBoolean writing = new AtomicBoolean(true);
        List<JsonNode> seen = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(WRITERS + 1)) {
            Future<?> reader = threads.submit(() -> {
                long next = 0;
                while (true) {
                    boolean last = !writing.get();
                    Api.Answer page = api.get("/topics/" + topic + "/partitions/0/records?timeout=200&offset=" + next);
                    page.json().forEach(seen::add);
                    next = Long.parseLong(page.header("Trunkline-Next-Offset"));
                    if (last && page.json().isEmpty()) {
                        return;
                    }
                }
            });
            List<Callable<Void>> writers = new ArrayList<>();
            for (int w = 0; w < WRITERS; w++) {
                int writer = w;
                writers.add(() -> {
                    for (int call = 0; call < CALLS; call++) {
                        String first = writer + "-" + call + "-a";
                        String second = writer + "-" + call + "-b";
                        Api.Answer answer = api.post(
                                "/topics/" + topic,
                                Api.TEXT,
                                "{\"records\":[{\"value\":\"" + first + "\"},{\"value\":\"" + second + "\"}]}");
                        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
                        JsonNode offsets = answer.json().path("offsets");
                        long offset = offsets.path(0).path("offset").asLong();
                        assertThat(offsets.path(1).path("offset").asLong()).isEqualTo(offset + 1);
                        synchronized (acknowledged) {
                            assertThat(acknowledged.put(offset, first)).isNull();
                            assertThat(acknowledged.put(offset + 1, second)).isNull();
                        }
                    }
                    return null;
                });
            }
            for (Future<Void> writer : threads.invokeAll(writers)) {
                writer.get();
            }
            writing.set(false);
            reader.get();
        }

        int total = WRITERS * CALLS * 2;
        assertThat(acknowledged).hasSize(total);
        assertThat(seen).hasSize(total);
        List<JsonNode> read = api.readAll(topic, 0, 0, Api.TEXT);
        for (int offset = 0; offset < total; offset++) {
            assertThat(seen.get(offset).path("offset").asLong()).isEqualTo(offset);
            assertThat(read.get(offset).path("offset").asLong()).isEqualTo(offset);
            assertThat(read.get(offset).path("value").asText()).isEqualTo(acknowledged.get((long) offset));
        }
    }

    /** Writers of several connections, past the combiner: the lock alone must keep offsets in order. */
    @Test
    void appendsOfManyConnectionsLeaveNoGap() throws Exception {
        String topic = api.newTopic(1);
        List<Long> offsets = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(WRITERS)) {
            List<Callable<Void>> writers = new ArrayList<>();
            for (int w = 0; w < WRITERS; w++) {
                writers.add(() -> {
                    try (Connection connection = TestDatabase.asApplication();
                            var produce = connection.prepareStatement(
                                    "SELECT \"offset\" FROM trunkline.produce(?, NULL::text, 'x')")) {
                        for (int i = 0; i < CALLS; i++) {
                            produce.setString(1, topic);
                            try (var row = produce.executeQuery()) {
                                row.next();
                                synchronized (offsets) {
                                    offsets.add(row.getLong(1));
                                }
                            }
                        }
                    }
                    return null;
                });
            }
            for (Future<Void> writer : threads.invokeAll(writers)) {
                writer.get();
            }
        }

        assertThat(offsets).hasSize(WRITERS * CALLS).doesNotHaveDuplicates();
        assertThat(offsets.stream().mapToLong(Long::longValue).max()).hasValue(WRITERS * CALLS - 1L);
        assertThat(api.readAll(topic, 0, 0, Api.TEXT)).hasSize(WRITERS * CALLS);
    }

    /** Invariant 3: what commits late is not skipped, because nobody comes past the lock meanwhile. */
    @Test
    void recordOfAnOpenTransactionIsNotOvertaken() throws Exception {
        String topic = api.newTopic(1);
        CompletableFuture<Api.Answer> behind;
        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("SELECT trunkline.produce('" + topic + "', 'k', 'first')");

            behind = api.postLater("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"second\"}]}");
            Api.Answer meanwhile = api.get("/topics/" + topic + "/partitions/0/records?timeout=300");

            assertThat(meanwhile.json()).isEmpty();
            assertThat(behind).isNotDone();
            connection.commit();
        }
        assertThat(behind.join().json().path("offsets").path(0).path("offset").asLong())
                .isEqualTo(1);
        assertThat(api.readAll(topic, 0, 0, Api.TEXT))
                .extracting(r -> r.path("value").asText())
                .containsExactly("first", "second");
    }

    @Test
    void recordOfATransactionThatRollsBackNeverWas() throws Exception {
        String topic = api.newTopic(1);
        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("SELECT trunkline.produce('" + topic + "', 'k', 'never')");
            connection.rollback();
        }

        Api.Answer answer = api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"first\"}]}");

        assertThat(answer.json().path("offsets").path(0).path("offset").asLong())
                .isZero();
    }

    @Test
    void appendRefusesAnIsolationLevelWithAnOldSnapshot() throws Exception {
        String topic = api.newTopic(1);
        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement()) {
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);

            assertThatThrownBy(() -> statement.execute("SELECT trunkline.produce('" + topic + "', 'k', 'v')"))
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("TL001"));
        }
    }

    /** Invariant 4. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE trunkline.log_batch SET record_count = record_count",
                "DELETE FROM trunkline.log_batch",
                "TRUNCATE trunkline.log_batch",
                "INSERT INTO trunkline.log_batch SELECT * FROM trunkline.log_batch",
                "UPDATE trunkline.log_batch_1 SET record_count = record_count",
                "DELETE FROM trunkline.log_batch_1",
                "TRUNCATE trunkline.log_batch_1",
                "INSERT INTO trunkline.log_batch_1 SELECT * FROM trunkline.log_batch",
                "UPDATE trunkline.partition_head SET log_start_offset = 0",
                "INSERT INTO trunkline.partition_head (topic_id, partition, slice) VALUES (gen_random_uuid(), 0, 1)",
                "DELETE FROM trunkline.partition_head",
                "SELECT tp_id FROM trunkline.partition_head FOR UPDATE",
                "UPDATE trunkline.partition_slice SET base_offset = 0",
                "DELETE FROM trunkline.slice",
                "INSERT INTO trunkline.topic (name, partition_count) VALUES ('x', 1)",
                "UPDATE trunkline.topic SET name = 'x'",
                "UPDATE trunkline.topic SET config = '{}'",
                "DELETE FROM trunkline.topic",
                "TRUNCATE trunkline.topic CASCADE",
                "DROP TABLE trunkline.log_batch_1",
                "ALTER TABLE trunkline.log_batch DETACH PARTITION trunkline.log_batch_1",
                "CREATE TABLE trunkline.mine (i int)"
            })
    void theServiceRoleCannotRewriteTheLog(String sql) throws Exception {
        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement()) {
            assertThatThrownBy(() -> statement.execute(sql))
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42501"));
        }
    }

    /** What could never be read, because its arrays do not fit one another, never gets in. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "NULL, NULL, '{}', NULL, NULL, NULL",
                "NULL, NULL, NULL, NULL, NULL, NULL",
                "NULL, '{a,b}', '{a}', NULL, NULL, NULL",
                "'{1,2}', NULL, '{a}', NULL, NULL, NULL",
                "'{NULL}', NULL, '{a}', NULL, NULL, NULL",
                "'{-1}', NULL, '{a}', NULL, NULL, NULL",
                "'{253402300800000}', NULL, '{a}', NULL, NULL, NULL",
                "NULL, NULL, '{a}', '{1}', NULL, NULL",
                "NULL, NULL, '{a}', '{NULL}', '{h}', '{x}'",
                "NULL, NULL, '{a,b}', '{2,-1}', '{h}', '{x}'",
                "NULL, NULL, '{a}', '{1}', '{NULL}', '{x}'",
                "NULL, NULL, '{a}', '{1}', '{h}', '{x,y}'",
                "NULL, NULL, '{a}', '{1}', '[2:2]={h}', '{x}'",
                "NULL, NULL, '{{a},{b}}', NULL, NULL, NULL"
            })
    void appendRefusesArraysThatDoNotFit(String arrays) throws Exception {
        String topic = api.newTopic(1);
        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement()) {
            assertThatThrownBy(() ->
                            statement.execute("SELECT trunkline.append(" + partitionId(topic) + ", " + arrays + ")"))
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("TL001"));
        }
        assertThat(api.readAll(topic, 0, 0, Api.BINARY)).isEmpty();
    }

    /** Invariant 9: the tables of other slices are not even locked, however many there are. */
    @Test
    void appendLocksTheTableOfItsSliceOnly() throws Exception {
        String topic = api.newTopic(1);
        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            for (int i = 0; i < 10; i++) {
                statement.execute("SELECT trunkline.produce('" + topic + "', 'k', 'v')");
            }
            try (var row = statement.executeQuery("SELECT count(DISTINCT relation) FROM pg_locks"
                    + " WHERE pid = pg_backend_pid() AND relation::regclass::text ~ 'log_batch_[0-9]+$'")) {
                row.next();
                assertThat(row.getInt(1)).isEqualTo(1);
            }
            connection.rollback();
        }
    }

    /** One partition that is held for long does not take the threads from the others. */
    @Test
    void lockedPartitionsDoNotHoldUpOthers() throws Exception {
        String locked = api.newTopic(20);
        String free = api.newTopic(1);
        List<CompletableFuture<Api.Answer>> stuck = new ArrayList<>();
        try (Connection connection = TestDatabase.asOwner();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute(
                    "SELECT FROM trunkline.partition_head JOIN trunkline.topic USING (topic_id) WHERE name = '" + locked
                            + "' FOR UPDATE OF partition_head");
            for (int partition = 0; partition < 4; partition++) {
                for (int i = 0; i < 2; i++) {
                    stuck.add(api.postLater(
                            "/topics/" + locked + "/partitions/" + partition,
                            Api.TEXT,
                            "{\"records\":[{\"value\":\"x\"}]}"));
                }
            }

            Api.Answer answer = api.post("/topics/" + free, Api.TEXT, "{\"records\":[{\"value\":\"x\"}]}");

            assertThat(answer.status()).isEqualTo(200);
            assertThat(stuck.getFirst().join().code()).isEqualTo("OVERLOADED");
            connection.rollback();
        }
        CompletableFuture.allOf(stuck.toArray(new CompletableFuture<?>[0])).join();
        assertThat(api.post("/topics/" + locked + "/partitions/0", Api.TEXT, "{\"records\":[{\"value\":\"x\"}]}")
                        .status())
                .isEqualTo(200);
    }

    /** Invariant 1: a topic of the same name is another topic. */
    @Test
    void topicDeletedAndCreatedAgainStartsANewLog() throws Exception {
        String topic = api.newTopic(1);
        api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"old\"},{\"value\":\"old\"}]}");
        long before = partitionId(topic);

        api.delete("/topics/" + topic);
        api.post("/admin/topics", Api.CONTROL, "{\"topic_name\":\"" + topic + "\"}");
        Api.Answer first = api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"new\"}]}");

        assertThat(first.json().path("offsets").path(0).path("offset").asLong()).isZero();
        assertThat(api.readAll(topic, 0, 0, Api.TEXT))
                .extracting(r -> r.path("value").asText())
                .containsExactly("new");
        assertThat(partitionId(topic)).isNotEqualTo(before);
    }

    /** What another replica deletes and creates again while this one still remembers the old topic. */
    @Test
    void appendToATopicThatAnotherReplicaRecreatedGoesToTheNewOne() throws Exception {
        String topic = api.newTopic(1);
        api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"old\"}]}");
        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT trunkline.delete_topic('" + topic + "')");
            statement.execute("SELECT trunkline.create_topic('" + topic + "', 1)");
        }

        Api.Answer answer = api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"new\"}]}");

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(api.readAll(topic, 0, 0, Api.TEXT))
                .extracting(r -> r.path("value").asText())
                .containsExactly("new");
    }

    @Test
    void pageOfADeletedTopicIsNotTakenForThatOfItsSuccessor() throws Exception {
        String topic = api.newTopic(1);
        String page = "/topics/" + topic + "/partitions/0/records?offset=0&max_records=1";
        String two = "{\"records\":[{\"value\":\"old\"},{\"value\":\"old\"}]}";
        api.post("/topics/" + topic, Api.TEXT, two);
        String tag = api.get(page, Api.TEXT).header("ETag");
        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT trunkline.delete_topic('" + topic + "')");
            statement.execute("SELECT trunkline.create_topic('" + topic + "', 1)");
            statement.execute(
                    "SELECT trunkline.produce('" + topic + "', NULL::text, 'new'::text) FROM generate_series(1, 2)");
        }

        Api.Answer answer = api.send(api.request(page)
                .header("Accept", Api.TEXT)
                .header("If-None-Match", tag)
                .GET());

        assertThat(tag).isNotEmpty();
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).contains("new");
    }

    @Test
    void longPollsOnATopicThatIsDeletedAreToldSo() {
        String topic = api.newTopic(1);
        List<CompletableFuture<Api.Answer>> polls = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            polls.add(api.getLater("/topics/" + topic + "/partitions/0/records?offset=0&timeout=30000"));
        }

        api.delete("/topics/" + topic);

        for (CompletableFuture<Api.Answer> poll : polls) {
            assertThat(poll.join().code()).isEqualTo("TOPIC_NOT_FOUND");
        }
    }

    /** Invariants 1 and 6: the log start hides what is below it, exact to the offset, and no offset is used again. */
    @Test
    void readingBelowTheLogStartIsOutOfRangeAndAnEmptyLogGoesOn() throws Exception {
        String topic = api.newTopic(1);
        String path = "/topics/" + topic + "/partitions/0/records";
        api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"0\"},{\"value\":\"1\"},{\"value\":\"2\"}]}");

        moveLogStart(topic, 2);

        assertThat(api.get(path + "?offset=1").status()).isEqualTo(416);
        assertThat(api.get(path + "?offset=1").header("Trunkline-Log-Start-Offset"))
                .isEqualTo("2");
        assertThat(api.get(path).json())
                .extracting(r -> r.path("offset").asLong())
                .containsExactly(2L);
        assertThat(api.get("/topics/" + topic + "/partitions/0/offsets").body())
                .isEqualTo("{\"beginning_offset\":2,\"end_offset\":3}");

        moveLogStart(topic, 3);
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            statement.execute("DELETE FROM trunkline.log_batch WHERE tp_id = " + partitionId(topic));
        }
        assertThat(api.get(path + "?offset=3").json()).isEmpty();
        Api.Answer next = api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"3\"}]}");

        assertThat(next.json().path("offsets").path(0).path("offset").asLong()).isEqualTo(3);
        assertThat(api.readAll(topic, 0, 3, Api.TEXT)).hasSize(1);
    }

    /** A partition whose log goes over several slices is read as one. */
    @Test
    void readingGoesOnFromSliceToSlice() throws Exception {
        String topic = api.newTopic(1);
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            // Slices 2 and 3 begin tomorrow and later; the partition is put into them ahead of time.
            for (int slice = 1; slice <= 3; slice++) {
                statement.execute("UPDATE trunkline.partition_head SET slice = " + slice + " WHERE tp_id = "
                        + partitionId(topic));
                if (slice > 1) {
                    statement.execute("INSERT INTO trunkline.partition_slice VALUES (" + partitionId(topic) + ", "
                            + slice + ", " + (slice - 1) * 2 + ")");
                    insertBatch(statement, topic, slice, (slice - 1) * 2);
                } else {
                    api.post(
                            "/topics/" + topic,
                            Api.JSON,
                            "{\"records\":[{\"value\":1,\"timestamp\":10},{\"value\":1,\"timestamp\":20}]}");
                }
            }
        }

        assertThat(api.readAll(topic, 0, 0, Api.JSON))
                .extracting(r -> r.path("offset").asLong())
                .containsExactly(0L, 1L, 2L, 3L, 4L, 5L);
        assertThat(api.get("/topics/" + topic + "/partitions/0/records?offset=1&max_records=4")
                        .json())
                .extracting(r -> r.path("offset").asLong())
                .containsExactly(1L, 2L, 3L, 4L);
        assertThat(api.get("/topics/" + topic + "/partitions/0/records?timestamp=201")
                        .json())
                .extracting(r -> r.path("offset").asLong())
                .containsExactly(4L, 5L);
        Api.Answer next = api.post("/topics/" + topic, Api.JSON, "{\"records\":[{\"value\":1}]}");
        assertThat(next.json().path("offsets").path(0).path("offset").asLong()).isEqualTo(6);
    }

    /** Invariant 9: over the bound a call is refused as a whole, and those that were accepted are written. */
    @Test
    void fullQueueRefusesAndLosesNothingThatWasAccepted() throws Exception {
        String topic = api.newTopic(2);
        String large = "{\"records\":[{\"value\":\"" + "x".repeat(1_000_000) + "\",\"partition\":0}]}";
        String small = "{\"records\":[{\"value\":\"x\",\"partition\":1}]}";
        String both = "{\"records\":[{\"value\":\"" + "x".repeat(1_000_000)
                + "\",\"partition\":0},{\"value\":\"x\",\"partition\":1}]}";
        List<CompletableFuture<Api.Answer>> calls = new ArrayList<>();
        try (Connection connection = TestDatabase.asOwner();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute(
                    "SELECT FROM trunkline.partition_head WHERE tp_id = " + partitionId(topic) + " FOR UPDATE");
            for (int i = 0; i < 30; i++) {
                calls.add(api.postLater("/topics/" + topic, Api.TEXT, large));
            }
            Awaitility.await()
                    .atMost(Duration.ofSeconds(9))
                    .until(() ->
                            calls.stream().filter(CompletableFuture::isDone).count() >= 14);

            Api.Answer refused = api.post("/topics/" + topic, Api.TEXT, both);
            Api.Answer other = api.post("/topics/" + topic, Api.TEXT, small);

            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.code()).isEqualTo("OVERLOADED");
            assertThat(refused.header("Retry-After")).isEqualTo("1");
            assertThat(other.status()).isEqualTo(200);
            connection.rollback();
        }

        long written = calls.stream()
                .map(CompletableFuture::join)
                .filter(a -> a.status() == 200)
                .count();
        assertThat(written).isEqualTo(16);
        assertThat(api.readAll(topic, 0, 0, Api.TEXT)).hasSize(16);
        assertThat(api.readAll(topic, 1, 0, Api.TEXT)).hasSize(1);
    }

    @Test
    void postgresqlAwayIsToldAtOnceAndForgottenWhenItIsBack() {
        String topic = api.newTopic(1);
        api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"before\"}]}");

        TestDatabase.network().goAway();
        long start = System.nanoTime();
        List<Api.Answer> answers = List.of(
                api.get("/topics"),
                api.get("/topics/" + topic + "/partitions/0/records"),
                api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"lost\"}]}"));
        Duration took = Duration.ofNanos(System.nanoTime() - start);

        assertThat(answers).allSatisfy(answer -> {
            assertThat(answer.status()).as(answer.body()).isEqualTo(503);
            assertThat(answer.header("Retry-After")).isNotEmpty();
        });
        assertThat(answers.subList(0, 2)).extracting(Api.Answer::code).containsOnly("DATABASE_UNAVAILABLE");
        // A connection that nobody knew to be closed has taken the append: where that went is not known.
        assertThat(answers.getLast().code()).isIn("DATABASE_UNAVAILABLE", "OUTCOME_UNKNOWN");
        assertThat(took).isLessThan(Duration.ofSeconds(5));

        TestDatabase.network().comeBack();
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .untilAsserted(
                        () -> assertThat(api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"after\"}]}")
                                        .status())
                                .isEqualTo(200));
        assertThat(api.readAll(topic, 0, 0, Api.TEXT))
                .extracting(r -> r.path("value").asText())
                .containsExactly("before", "after");
    }

    /** Invariant 10: neither a false success nor a silent second append. */
    @Test
    void answerLostAtCommitIsAnUnknownOutcomeAndIsNotRepeated() {
        String topic = api.newTopic(1);
        api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"before\"}]}");

        TestDatabase.network().loseAnswers();
        Api.Answer unknown = api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"perhaps\"}]}");
        TestDatabase.network().comeBack();

        assertThat(unknown.status()).as(unknown.body()).isEqualTo(503);
        assertThat(unknown.code()).isIn("OUTCOME_UNKNOWN", "DATABASE_UNAVAILABLE");
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .untilAsserted(
                        () -> assertThat(api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"after\"}]}")
                                        .status())
                                .isEqualTo(200));
        List<String> values = new ArrayList<>();
        api.readAll(topic, 0, 0, Api.TEXT)
                .forEach(r -> values.add(r.path("value").asText()));
        assertThat(values).startsWith("before").endsWith("after").doesNotHaveDuplicates();
        if (unknown.code().equals("DATABASE_UNAVAILABLE")) {
            assertThat(values).doesNotContain("perhaps");
        }
    }

    @Test
    void longPollIsToldThatPostgresqlWentAway() {
        String topic = api.newTopic(1);
        CompletableFuture<Api.Answer> poll =
                api.getLater("/topics/" + topic + "/partitions/0/records?offset=0&timeout=60000");
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .until(() -> io.micrometer.core.instrument.Metrics.globalRegistry
                                .get("trunkline.fetch.waiting")
                                .gauge()
                                .value()
                        >= 1);

        TestDatabase.network().goAway();

        assertThat(poll)
                .succeedsWithin(Duration.ofSeconds(10))
                .satisfies(answer -> assertThat(answer.code()).isEqualTo("DATABASE_UNAVAILABLE"));
    }

    private static long partitionId(String topic) throws SQLException {
        return TestDatabase.number("SELECT min(tp_id) FROM trunkline.partition_head JOIN trunkline.topic"
                + " USING (topic_id) WHERE name = '" + topic + "'");
    }

    private static void moveLogStart(String topic, long offset) throws SQLException {
        TestDatabase.execute("UPDATE trunkline.partition_head SET log_start_offset = " + offset + " WHERE tp_id = "
                + partitionId(topic));
    }

    private static void insertBatch(Statement statement, String topic, int slice, int base) throws SQLException {
        statement.execute("INSERT INTO trunkline.log_batch (slice, tp_id, last_offset, base_offset, max_timestamp,"
                + " running_max_timestamp, appended_at, record_count, byte_size, timestamps, values) VALUES (" + slice
                + ", "
                + partitionId(topic) + ", " + (base + 1) + ", " + base + ", " + slice * 100 + ", " + slice * 100
                + ", now(), 2, 100, ARRAY[" + slice * 100 + ", " + slice * 100
                + "]::bigint[], ARRAY['1', '1']::bytea[])");
    }
}
