package io.trunkline.retention;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.time.Instant;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What the metrics tell of retention. */
@QuarkusTest
@TestProfile(RetentionTestCase.OwnDatabase.class)
class RetentionMetricsTest extends RetentionTestCase {
    @Test
    void metricsTellWhatWasRemovedAndWhatIsThere() throws Exception {
        String topic = topic("retention.ms", HOUR.toMillis());
        String forever = topic("retention.ms", -1);
        write(topic, now, "a");
        write(forever, now, "b");
        double slicesFreed = metric("trunkline_retention_slices_freed_total");
        double sliceBytes = metric("trunkline_retention_freed_bytes_total{by=\"slice\"}");
        double batchBytes = metric("trunkline_retention_freed_bytes_total{by=\"batch\"}");
        double batches = metric("trunkline_retention_batches_deleted_total");
        double purges = metric("trunkline_retention_purge_seconds_count");
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> metric("trunkline_partition_end_offset{partition=\"0\",topic=\"" + topic + "\"}") == 1);
        assertThat(metric("trunkline_topic_size_bytes{topic=\"" + topic + "\"}"))
                .isPositive();
        assertThat(metric("trunkline_topic_disk_bytes{topic=\"" + topic + "\"}"))
                .isPositive();
        assertThat(metric("trunkline_topic_partitions{topic=\"" + topic + "\"}"))
                .isEqualTo(1);

        pass(HOUR.multipliedBy(2));
        job.purge();

        assertThat(metric("trunkline_retention_purged_records_total{topic=\"" + topic + "\"}"))
                .isEqualTo(1);
        assertThat(metric("trunkline_retention_purged_bytes_total{topic=\"" + topic + "\"}"))
                .isPositive();
        assertThat(metric("trunkline_retention_freed_bytes_total{by=\"batch\"}"))
                .isPositive();
        assertThat(metric("trunkline_retention_batches_deleted_total")).isGreaterThan(batches);
        assertThat(metric("trunkline_retention_purge_seconds_count")).isGreaterThan(purges);
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() ->
                        metric("trunkline_partition_log_start_offset{partition=\"0\",topic=\"" + topic + "\"}") == 1);
        api.delete("/topics/" + forever);
        pass(DAY);
        job.purge();
        assertThat(metric("trunkline_retention_slices_freed_total")).isGreaterThan(slicesFreed);
        assertThat(metric("trunkline_retention_freed_bytes_total{by=\"slice\"}"))
                .isPositive();
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> !scrape().contains("topic=\"" + forever + "\",}")
                        && !scrape().contains("trunkline_topic_size_bytes{topic=\"" + forever));
    }

    @Test
    void ageOfTheOldestRecordIsTold() throws Exception {
        String topic = topic("retention.ms", -1);
        write(topic, Instant.now().minus(HOUR), "a");

        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> metric("trunkline_topic_oldest_record_age_seconds{topic=\"" + topic + "\"}") >= 3_600);
    }

    /** Until its space is freed, a deleted topic takes none from those it shares slices with. */
    @Test
    void diskOfDeletedTopicsIsNotReckonedToOthers() throws Exception {
        String small = topic("retention.ms", -1);
        String large = topic("retention.ms", -1);
        write(small, now, "a");
        for (int i = 0; i < 20; i++) {
            write(large, now, "v".repeat(100_000));
        }
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> metric("trunkline_topic_disk_bytes{topic=\"" + large + "\"}") > 1_000_000);

        api.delete("/topics/" + large);

        Awaitility.await().atMost(PATIENCE).until(() -> !scrape().contains("disk_bytes{topic=\"" + large));
        assertThat(metric("trunkline_topic_disk_bytes{topic=\"" + small + "\"}"))
                .isBetween(1.0, 100_000.0);
    }
}
