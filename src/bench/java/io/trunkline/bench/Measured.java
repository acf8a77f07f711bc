package io.trunkline.bench;

import java.util.HashMap;
import java.util.Map;

/** What a load did and took, before it is known what that means. */
record Measured(Meter meter, Usage usage, double commitMillis) {
    Run run(String scenario, String load, int round, Run.Measure measure, Map<String, Object> details) {
        return run(scenario, load, false, scenario, round, measure, details);
    }

    /** A run of a {@link BareLoop} or {@link BareReader}. */
    Run bare(String scenario, String load, int round, Run.Measure measure, Map<String, Object> details) {
        return baseline(scenario, load, "bare", round, measure, details);
    }

    /** A run of something else that the scenario is compared with. */
    Run baseline(
            String scenario, String load, String side, int round, Run.Measure measure, Map<String, Object> details) {
        return run(scenario, load, true, side, round, measure, details);
    }

    private Run run(
            String scenario,
            String load,
            boolean baseline,
            String side,
            int round,
            Run.Measure measure,
            Map<String, Object> details) {
        Map<String, Object> all = new HashMap<>(details);
        if (meter.unsent() > 0) {
            all.put("unsentRequests", meter.unsent());
        }
        return new Run(
                scenario,
                load,
                baseline,
                side,
                round,
                measure,
                meter.recordsPerSecond(),
                meter.measuredRecords(),
                meter.latency(),
                meter.perSecond(),
                usage,
                commitMillis,
                all);
    }
}
