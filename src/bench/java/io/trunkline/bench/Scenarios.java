package io.trunkline.bench;

import java.util.List;

/** All scenarios, in the order in which they run. */
final class Scenarios {
    private static final List<Scenario> ALL = List.of(
            new ProduceScenario("produce-1", 1, 1, Format.JSON),
            new ProduceScenario("produce-100-json", 4, 100, Format.JSON),
            new ProduceScenario("produce-100-binary", 4, 100, Format.BINARY),
            new NdjsonScenario(),
            new LatencyScenario("latency-1", 1, 1, List.of(100, 1000, 2000, 5000, 10_000)),
            new LatencyScenario("latency-100", 4, 100, List.of(100, 250, 500, 1000)),
            new FetchScenario(),
            new TailScenario(),
            new StreamsScenario(),
            new WakeUpScenario(),
            new ConsumeScenario(),
            new PollsScenario(),
            new AccessScenario(),
            new IdlePollsScenario(),
            new IdempotentScenario(),
            new AppendEngineScenario(),
            new BacklogScenario(),
            new OpenTransactionScenario(),
            new PartitionsScenario(),
            new DeleteBatchesScenario(),
            new FreeSliceScenario());

    private Scenarios() {}

    /** Those of these names, or those that run by default when there are none. */
    static List<Scenario> named(List<String> names) {
        if (names.isEmpty()) {
            return ALL;
        }
        return names.stream()
                .map(name -> ALL.stream()
                        .filter(scenario -> scenario.name().equals(name))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("no scenario is called " + name + ", but "
                                + ALL.stream().map(Scenario::name).toList())))
                .toList();
    }
}
