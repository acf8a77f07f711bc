package io.trunkline.log;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.trunkline.topic.TopicName;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.function.Supplier;

/** What the log tells Prometheus. */
@ApplicationScoped
class LogMetrics {
    private final MeterRegistry registry;
    private final Counter rejected;

    LogMetrics(MeterRegistry registry) {
        this.registry = registry;
        rejected = Counter.builder("trunkline.append.rejected")
                .description("Produce requests refused because a queue was full")
                .register(registry);
    }

    void appended(TopicName topic, long records, long bytes) {
        count("trunkline.append.records", "Records written", topic, records);
        count("trunkline.append.bytes", "Bytes of keys, values and headers written", topic, bytes);
    }

    void fetched(TopicName topic, long records, long bytes) {
        count("trunkline.fetch.records", "Records read", topic, records);
        count("trunkline.fetch.bytes", "Bytes of keys, values and headers read", topic, bytes);
    }

    void rejected() {
        rejected.increment();
    }

    void queuedBytes(Supplier<Number> bytes) {
        Gauge.builder("trunkline.append.queued.bytes", bytes)
                .description("Bytes that wait to be written or are being written")
                .register(registry);
    }

    void waiting(Supplier<Number> fetches) {
        Gauge.builder("trunkline.fetch.waiting", fetches)
                .description("Fetches that wait for records")
                .register(registry);
    }

    void cachedBytes(Supplier<Number> bytes) {
        Gauge.builder("trunkline.fetch.cached.bytes", bytes)
                .description("Bytes of the newest records that are held for readers at the tail")
                .register(registry);
    }

    private void count(String name, String description, TopicName topic, long amount) {
        Counter.builder(name)
                .description(description)
                .tags(Tags.of("topic", topic.value()))
                .register(registry)
                .increment(amount);
    }
}
