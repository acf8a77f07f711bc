package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** Fan-out by server-sent events: how long a record takes until few, and until many, have it. */
final class StreamsScenario implements Scenario {
    private static final int PARTITIONS = 4;
    private static final TailLoad.Rate RATE = new TailLoad.Rate(100, 1);

    @Override
    public String name() {
        return "sse";
    }

    @Override
    public String description() {
        return RATE.requestsPerSecond() + " requests/s of one record of 1 KiB, open loop, to a topic of " + PARTITIONS
                + " partitions; 5 and 500 clients of server-sent events, each with a stream over all partitions. Latency of each"
                + " record from the time at which it was to be sent until a client received it; records/s are those delivered.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        for (int round = 1; round <= stage.settings().rounds(); round++) {
            for (int clients : List.of(5, 500)) {
                String topic = stage.api().newTopic(PARTITIONS);
                TailLoad load = new TailLoad(
                        stage.client(),
                        stage.port(),
                        topic,
                        PARTITIONS,
                        RATE,
                        clients,
                        timeZero ->
                                new EventReaders(stage.client(), stage.port(), topic, clients, PARTITIONS, timeZero));
                Measured measured = stage.measure(load);
                stage.checkRecords(topic, PARTITIONS, load.produced());
                stage.add(measured.run(
                        name(),
                        clients + " streams",
                        round,
                        Run.Measure.P50_MILLIS,
                        Map.of("requestsPerSecond", RATE.requestsPerSecond(), "streams", clients)));
            }
        }
    }
}
