package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Metrics;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.RawHttp;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Clients that disconnect while the service searches for them. Each test locks a table that the search reads, so that the search is
 * still in its first chunk when the client disconnects.
 */
@QuarkusTest
class AbandonedSearchTest extends ServiceTestCase {
    /** A read of records begins with this table, and no other step of these requests uses it. */
    private static final String SLICES = "trunkline.partition_slice";

    private static final Duration SOON = Duration.ofSeconds(15);
    /** The service waits a second longer for a lock. */
    private static final Duration BEFORE_THE_LOCK_IS_GIVEN_UP = Duration.ofSeconds(4);

    private static final Duration A_WHILE = Duration.ofMillis(300);
    private static final int BATCHES = 12;
    private static final int RECORDS = 10_000;
    /** Bytes that a record of one digit counts as. */
    private static final int COST = 65;
    /** Two batches: a chunk holds one, and the search ends at most one chunk after the client has gone. */
    private static final long FEW = 2L * RECORDS * COST;

    private static final String FILTER = "filter=" + URLEncoder.encode("value = 2", StandardCharsets.UTF_8);

    private String topic;

    @BeforeEach
    void write() {
        topic = api.newTopic(1);
        String body = "{\"records\":[{\"value\":2}" + ",{\"value\":1}".repeat(RECORDS - 1) + "]}";
        for (int i = 0; i < BATCHES; i++) {
            assertThat(api.post("/topics/" + topic + "/partitions/0", Api.JSON, body)
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void aFetchLooksNoFurther() throws Exception {
        assertNothingFurtherIsLookedAt("/topics/" + topic + "/partitions/0/records?timeout=60000&" + FILTER, "*/*");
    }

    @Test
    void aFetchOfTheNewestLooksNoFurther() throws Exception {
        assertNothingFurtherIsLookedAt("/topics/" + topic + "/partitions/0/records?order=desc&" + FILTER, "*/*");
    }

    @Test
    void aPollLooksNoFurther() throws Exception {
        String consumer = group.consumer().subscribe(topic).path();

        assertNothingFurtherIsLookedAt(consumer + "/records?timeout=60000&" + FILTER, "*/*");
    }

    @Test
    void aStreamLooksNoFurther() throws Exception {
        assertNothingFurtherIsLookedAt("/topics/" + topic + "/records?" + FILTER, "text/event-stream");
    }

    private void assertNothingFurtherIsLookedAt(String path, String accept) throws Exception {
        double before = lookedAt();
        // The service holds nothing for earlier requests.
        Awaitility.await().atMost(SOON).until(() -> requests() == 0 && memoryOfResponses() == 0);
        try (Connection owner = TestDatabase.asOwner();
                RawHttp client = new RawHttp(base.getPort())) {
            owner.setAutoCommit(false);
            TestDatabase.execute(owner, "LOCK TABLE " + SLICES + " IN ACCESS EXCLUSIVE MODE");
            client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nAccept: " + accept + "\r\n\r\n");
            Awaitility.await().atMost(BEFORE_THE_LOCK_IS_GIVEN_UP).until(AbandonedSearchTest::aReadWaits);

            client.close();

            Awaitility.await().atMost(BEFORE_THE_LOCK_IS_GIVEN_UP).until(() -> requests() == 0);
            owner.rollback();
        }

        Awaitility.await().atMost(SOON).until(() -> lookedAt() > before);
        Awaitility.await().during(A_WHILE).atMost(SOON).until(() -> isIdle("scan"));
        assertThat(lookedAt() - before)
                .as("of %s bytes", BATCHES * RECORDS * COST)
                .isLessThanOrEqualTo(FEW);
        Awaitility.await().atMost(SOON).until(() -> memoryOfResponses() == 0);
    }

    private static boolean aReadWaits() throws SQLException {
        try (Connection superuser = TestDatabase.asSuperuser()) {
            return !TestDatabase.one(
                            superuser,
                            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '" + SLICES + "'::regclass")
                    .equals("0");
        }
    }

    private double lookedAt() {
        return Metrics.globalRegistry.get("trunkline.filter.bytes").counter().count();
    }

    private double requests() {
        return Metrics.globalRegistry.get("trunkline.http.requests").gauge().value();
    }

    private double memoryOfResponses() {
        return Metrics.globalRegistry
                .get("trunkline.http.memory")
                .tag("of", "responses")
                .gauge()
                .value();
    }

    private boolean isIdle(String pool) {
        return Metrics.globalRegistry
                                .get("trunkline.pool.threads.active")
                                .tag("pool", pool)
                                .gauge()
                                .value()
                        == 0
                && Metrics.globalRegistry
                                .get("trunkline.pool.queued")
                                .tag("pool", pool)
                                .gauge()
                                .value()
                        == 0;
    }
}
