package io.trunkline.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The runs of one scenario, load and side (the scenario or its baseline) as one line: medians, and their spread. */
record Summary(
        String scenario,
        String load,
        boolean baseline,
        String side,
        Run.Measure measure,
        int rounds,
        double median,
        double min,
        double max,
        @Nullable Double ofTheLimit,
        double p50,
        double p95,
        double p99,
        double latencyMax,
        @Nullable Double serviceCpuPerMillion,
        @Nullable Double postgresCpuPerMillion,
        long servicePeakBytes,
        double commitMillis) {
    /** One line a group, in the order of the runs. {@code ofTheLimit} is null where there is nothing to compare with. */
    static List<Summary> of(List<Run> runs) {
        record Group(String scenario, String load, boolean baseline) {}
        Map<Group, List<Run>> groups = new LinkedHashMap<>();
        for (Run run : runs) {
            groups.computeIfAbsent(new Group(run.scenario(), run.load(), run.baseline()), g -> new ArrayList<>())
                    .add(run);
        }
        List<Summary> summaries = new ArrayList<>();
        groups.forEach((group, members) -> {
            List<Run> bare = groups.get(new Group(group.scenario(), group.load(), true));
            double median = median(members, Run::figure);
            summaries.add(new Summary(
                    group.scenario(),
                    group.load(),
                    group.baseline(),
                    members.getFirst().side(),
                    members.getFirst().measure(),
                    members.size(),
                    median,
                    members.stream().mapToDouble(Run::figure).min().orElseThrow(),
                    members.stream().mapToDouble(Run::figure).max().orElseThrow(),
                    bare == null || group.baseline() ? null : median / median(bare, Run::figure),
                    median(members, run -> run.latency().p50()),
                    median(members, run -> run.latency().p95()),
                    median(members, run -> run.latency().p99()),
                    median(members, run -> run.latency().max()),
                    perMillion(members, Usage::serviceCpu),
                    perMillion(members, Usage::postgresCpu),
                    members.stream()
                            .mapToLong(run -> run.usage().servicePeakBytes())
                            .max()
                            .orElse(-1),
                    median(members, Run::commitMillis)));
        });
        return summaries;
    }

    private static @Nullable Double perMillion(List<Run> runs, ToDoubleFunction<Usage> seconds) {
        return runs.stream().anyMatch(run -> run.records() == 0)
                ? null
                : median(runs, run -> seconds.applyAsDouble(run.usage()) * 1e6 / run.records());
    }

    private static double median(List<Run> runs, ToDoubleFunction<Run> figure) {
        double[] sorted = runs.stream().mapToDouble(figure).toArray();
        Arrays.sort(sorted);
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }
}
