package io.trunkline.outbox;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;

/** What the outbox tells Prometheus. Counters count what this replica did. */
@ApplicationScoped
class OutboxMetrics {
    private final Counter moved;
    private final Counter refused;
    private final Counter failures;
    private volatile int held;

    OutboxMetrics(MeterRegistry registry) {
        moved = Counter.builder("trunkline.outbox.moved.records")
                .description("Records that this replica moved from the outbox to the log")
                .register(registry);
        refused = Counter.builder("trunkline.outbox.refused.rows")
                .description("Rows of the outbox that cannot become records, and were put into outbox_refused")
                .register(registry);
        failures = Counter.builder("trunkline.outbox.failures")
                .description("Turns of this replica that failed, and were tried again")
                .register(registry);
        Gauge.builder("trunkline.outbox.held.rows", () -> held)
                .description("Rows that stayed in the last turn of this replica, because their partition was held")
                .register(registry);
    }

    void turn(OutboxStore.Turn turn) {
        moved.increment(turn.moved());
        refused.increment(turn.refused());
        held = turn.held();
    }

    /** Another replica moves rows: it tells what is held. */
    void nothingHeld() {
        held = 0;
    }

    void failed() {
        failures.increment();
    }
}
