package io.trunkline.consumer;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.Startup;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.function.Supplier;

/** What consumers tell Prometheus, from the start. */
@Startup
@ApplicationScoped
class ConsumerMetrics {
    private final MeterRegistry registry;
    private final Counter polls;
    private final Counter records;

    ConsumerMetrics(MeterRegistry registry) {
        this.registry = registry;
        polls = Counter.builder("trunkline.consumer.polls")
                .description("Polls that were answered")
                .register(registry);
        records = Counter.builder("trunkline.consumer.records")
                .description("Records that polls were answered with")
                .register(registry);
    }

    void polled(long count) {
        polls.increment();
        records.increment(count);
    }

    void waiting(Supplier<Number> waiting) {
        Gauge.builder("trunkline.consumer.waiting", waiting)
                .description("Polls that wait for records")
                .register(registry);
    }
}
