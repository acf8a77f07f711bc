package io.trunkline.bench;

import java.util.List;
import java.util.Map;

/**
 * What one run showed.
 *
 * @param load what was done to it, such as {@code 100 req/s}; runs of the same scenario and load belong together
 * @param baseline whether this was the bare loop that the scenario is compared with
 * @param side what to call it beside the other one
 * @param commitMillis the yardstick: a single-row durable commit just before the run
 */
record Run(
        String scenario,
        String load,
        boolean baseline,
        String side,
        int round,
        Measure measure,
        double recordsPerSecond,
        long records,
        Latency latency,
        List<Long> perSecond,
        Usage usage,
        double commitMillis,
        Map<String, Object> details) {
    /** Which figure of a run is compared with that of the baseline. */
    enum Measure {
        RECORDS_PER_SECOND,
        P50_MILLIS
    }

    Run {
        perSecond = List.copyOf(perSecond);
        details = Map.copyOf(details);
    }

    /** The same run with another rate, where only a part of its time counts. */
    Run withRecordsPerSecond(double rate) {
        return new Run(
                scenario,
                load,
                baseline,
                side,
                round,
                measure,
                rate,
                records,
                latency,
                perSecond,
                usage,
                commitMillis,
                details);
    }

    double figure() {
        return switch (measure) {
            case RECORDS_PER_SECOND -> recordsPerSecond;
            case P50_MILLIS -> latency.p50();
        };
    }
}
