package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.Map;

/** From end to end: how long a record takes from when it was to be sent until five readers have it. */
final class TailScenario implements Scenario {
    private static final int PARTITIONS = 4;
    private static final int READERS = 5;
    private static final int REQUESTS_PER_SECOND = 200;
    private static final int BARE_CONNECTIONS = 4;

    @Override
    public String name() {
        return "tail";
    }

    @Override
    public String description() {
        return REQUESTS_PER_SECOND + " requests/s of " + TailRequests.RECORDS
                + " records of 1 KiB, open loop, to a topic of " + PARTITIONS + " partitions; " + READERS
                + " readers wait by long poll. Latency of each record from the time at which it was to be sent until its"
                + " page was received; records/s are those delivered. Bare: INSERT and commit of the same batches.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        String name = REQUESTS_PER_SECOND * TailRequests.RECORDS + " records/s";
        for (int round = 1; round <= stage.settings().rounds(); round++) {
            String topic = stage.api().newTopic(PARTITIONS);
            TailLoad load = new TailLoad(
                    stage.client(),
                    stage.port(),
                    topic,
                    PARTITIONS,
                    new TailLoad.Rate(REQUESTS_PER_SECOND, TailRequests.RECORDS),
                    READERS,
                    timeZero -> new TailReaders(stage.client(), stage.port(), topic, READERS, PARTITIONS, timeZero));
            Measured measured = stage.measure(load);
            stage.checkRecords(topic, PARTITIONS, load.produced());
            Map<String, Object> details = Map.of("requestsPerSecond", REQUESTS_PER_SECOND, "readers", READERS);
            stage.add(measured.run(name(), name, round, Run.Measure.P50_MILLIS, details));
            Measured bare = Bare.measure(
                    stage, BARE_CONNECTIONS, TailRequests.RECORDS, TailRequests.BYTES, REQUESTS_PER_SECOND);
            stage.add(bare.bare(name(), name, round, Run.Measure.P50_MILLIS, details));
        }
    }
}
