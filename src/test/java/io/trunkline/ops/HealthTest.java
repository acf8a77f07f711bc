package io.trunkline.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import java.time.Duration;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** The management port. */
@QuarkusTest
class HealthTest extends ServiceTestCase {
    @Test
    void readinessFollowsPostgresqlAndLivenessDoesNot() {
        assertThat(ops.get("/ready").status()).isEqualTo(200);
        assertThat(ops.get("/q/health/ready").status()).isEqualTo(200);

        TestDatabase.network().goAway();
        try {
            Api.Answer ready = ops.get("/ready");
            assertThat(ready.status()).isEqualTo(500);
            assertThat(ready.body()).contains("database").contains("DOWN");
            assertThat(ops.get("/q/health/ready").status()).isEqualTo(503);
            assertThat(ops.get("/healthy").status()).isEqualTo(200);
        } finally {
            TestDatabase.network().comeBack();
        }

        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .until(() -> ops.get("/ready").status() == 200);
    }

    @Test
    void metricsAreTextWhereNoFormatIsNamed() {
        assertThat(ops.get("/metrics").header("Content-Type")).startsWith("text/plain; version=0.0.4");
        assertThat(ops.get("/metrics", "*/*").header("Content-Type")).startsWith("text/plain; version=0.0.4");
        assertThat(ops.get("/metrics", "application/openmetrics-text; version=1.0.0; charset=utf-8")
                        .header("Content-Type"))
                .startsWith("application/openmetrics-text");
    }

    @Test
    void metricsCountRecordsByTopic() {
        String topic = api.newTopic(1);
        api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"key\":\"ab\",\"value\":\"cde\"},{\"value\":\"f\"}]}");
        api.readAll(topic, 0, 0, Api.TEXT);

        String metrics = ops.get("/metrics", "text/plain").body();

        assertThat(metrics)
                .containsPattern("trunkline_append_records_total\\{topic=\"" + topic + "\",?} 2.0")
                .containsPattern("trunkline_append_bytes_total\\{topic=\"" + topic + "\",?} 6.0")
                .containsPattern("trunkline_fetch_records_total\\{topic=\"" + topic + "\",?} 2.0")
                .contains("trunkline_append_queued_bytes");
        assertThat(ops.get("/q/metrics").status()).isEqualTo(200);
    }

    /** Whatever clients ask for, and however: what is told of the others stays. */
    @Test
    void requestsAreToldByRouteAndClientsCannotMakeSeries() {
        for (int i = 0; i < 130; i++) {
            assertThat(api.send("PUT", "/topics/flood" + i, Api.JSON, "{}").status())
                    .isEqualTo(405);
            api.send("FOO" + i, "/nosuch", Api.JSON, "{}");
        }
        String group = "told-" + UUID.randomUUID();
        api.newConsumer(group, "{}");

        String metrics = ops.get("/metrics", "text/plain").body();
        assertThat(metrics.lines().filter(line -> line.startsWith("http_server_requests_seconds_count")))
                .hasSizeLessThan(130)
                .noneMatch(line -> line.contains("flood") || line.contains("FOO"))
                .anyMatch(line -> line.contains("uri=\"/consumers/{groupid}\"") && line.contains("status=\"200\""))
                .anyMatch(line -> line.contains("uri=\"OTHER\"") && line.contains("status=\"405\""))
                .anyMatch(line -> line.contains("method=\"OTHER\""));
    }
}
