package io.trunkline.retention;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.trunkline.log.TopicCounters;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;

/** What retention tells Prometheus. Counters count what this replica did. */
@ApplicationScoped
class RetentionMetrics {
    private final MeterRegistry registry;
    private final TopicCounters counters;
    private final Timer purges;
    private final Counter failures;
    private final Counter slices;
    private final Counter sliceBytes;
    private final Counter batchBytes;
    private final Counter batches;
    private final LastPurge last;

    RetentionMetrics(MeterRegistry registry, TopicCounters counters, LastPurge last) {
        this.registry = registry;
        this.counters = counters;
        this.last = last;
        purges = Timer.builder("trunkline.retention.purge")
                .description("Purges that this replica made, and how long they took")
                .register(registry);
        failures = Counter.builder("trunkline.retention.failures")
                .description("Purges of this replica that left something undone")
                .register(registry);
        slices = Counter.builder("trunkline.retention.slices.freed")
                .description("Slices whose space was given back at once")
                .register(registry);
        sliceBytes = freedBytes("slice");
        batchBytes = freedBytes("batch");
        batches = Counter.builder("trunkline.retention.batches.deleted")
                .description("Record batches that were deleted one by one")
                .register(registry);
        Gauge.builder("trunkline.retention.last.success.timestamp", this::lastSuccess)
                .description(
                        "When a purge by any replica succeeded last, in seconds since the epoch; NaN when none has")
                .baseUnit("seconds")
                .register(registry);
    }

    void purged(String topic, long records, long bytes) {
        counters.count("trunkline.retention.purged.records", "Records that retention removed", topic, records);
        counters.count(
                "trunkline.retention.purged.bytes",
                "Bytes of records that retention removed, uncompressed",
                topic,
                bytes);
    }

    void sliceFreed(long bytes) {
        slices.increment();
        sliceBytes.increment(bytes);
    }

    void batchesDeleted(int count, long bytes) {
        batches.increment(count);
        batchBytes.increment(bytes);
    }

    void ended(Duration duration, boolean succeeded) {
        purges.record(duration);
        if (!succeeded) {
            failures.increment();
        }
    }

    void succeededAt(Instant at) {
        last.succeededAt(at);
    }

    private double lastSuccess() {
        return last.at().map(at -> at.toEpochMilli() / 1000.0).orElse(Double.NaN);
    }

    private Counter freedBytes(String how) {
        return Counter.builder("trunkline.retention.freed.bytes")
                .description("Space given back: of slices as on disk, of single batches before compression")
                .tags(Tags.of("by", how))
                .register(registry);
    }
}
