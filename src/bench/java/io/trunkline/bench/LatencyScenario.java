package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * How long a producer waits for its answer, at several rates of requests; at the first of them against a bare loop that
 * writes one batch a request.
 */
record LatencyScenario(String name, int partitions, int recordsPerRequest, List<Integer> rates) implements Scenario {
    private static final int CONNECTIONS = 256;
    private static final int BARE_CONNECTIONS = 2;
    private static final int WARM_UP_CONNECTIONS = 8;
    private static final int BYTES = 100;

    LatencyScenario {
        rates = List.copyOf(rates);
    }

    @Override
    public String description() {
        return "Open loop over up to " + CONNECTIONS + " connections, " + recordsPerRequest + " records of " + BYTES
                + " bytes a request, topic of " + partitions
                + " partitions; latency from the time at which the request was to be sent. Bare: INSERT and commit of one"
                + " such batch over JDBC on the same schedule.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        warmUp(stage);
        for (int round = 1; round <= stage.settings().rounds(); round++) {
            for (int rate : rates) {
                Measured measured = produce(stage, rate);
                Map<String, Object> details = Map.of("requestsPerSecond", rate);
                stage.add(measured.run(name, load(rate), round, Run.Measure.P50_MILLIS, details));
                if (rate == rates.getFirst()) {
                    Measured bare = Bare.measure(stage, BARE_CONNECTIONS, recordsPerRequest, BYTES, rate);
                    stage.add(bare.bare(name, load(rate), round, Run.Measure.P50_MILLIS, details));
                }
            }
        }
    }

    /** At a hundred requests a second the service would be compiled only after minutes. */
    private void warmUp(Stage stage) throws IOException, SQLException {
        Produce produce = Payloads.json(stage.api().newTopic(partitions), recordsPerRequest, BYTES);
        Duration warmup = stage.settings().warmup();
        stage.measure(
                new ClosedLoop(stage.client(), stage.port(), WARM_UP_CONNECTIONS, produce), Duration.ZERO, warmup);
    }

    private Measured produce(Stage stage, int rate) throws IOException, SQLException {
        String topic = stage.api().newTopic(partitions);
        Produce produce = Payloads.json(topic, recordsPerRequest, BYTES);
        Measured measured = stage.measure(new OpenLoop(stage.client(), stage.ports(), CONNECTIONS, rate, produce));
        stage.checkRecords(topic, partitions, measured.meter().records());
        return measured;
    }

    private static String load(int rate) {
        return rate + " req/s";
    }
}
