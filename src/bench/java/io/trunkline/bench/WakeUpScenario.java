package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.Map;

/** How soon readers on one replica have what is appended through another one. */
final class WakeUpScenario implements Scenario {
    private static final int PARTITIONS = 4;
    private static final int READERS = 5;
    private static final TailLoad.Rate RATE = new TailLoad.Rate(1_000, 1);

    @Override
    public String name() {
        return "wakeup";
    }

    @Override
    public String description() {
        return RATE.requestsPerSecond()
                + " requests/s of one record of 1 KiB, open loop, to one replica and a topic of "
                + PARTITIONS + " partitions; " + READERS
                + " readers wait at another replica, by long poll and by server-sent events. Latency of each record from the"
                + " time at which it was to be sent until a reader received it.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        Service other = stage.addReplica();
        try {
            for (int round = 1; round <= stage.settings().rounds(); round++) {
                for (boolean events : new boolean[] {false, true}) {
                    play(stage, other.port(), round, events);
                }
            }
        } finally {
            stage.removeReplica(other);
        }
    }

    private void play(Stage stage, int port, int round, boolean events) throws IOException, SQLException {
        String topic = stage.api().newTopic(PARTITIONS);
        TailLoad load = new TailLoad(
                stage.client(),
                stage.port(),
                topic,
                PARTITIONS,
                RATE,
                READERS,
                timeZero -> events
                        ? new EventReaders(stage.client(), port, topic, READERS, PARTITIONS, timeZero)
                        : new TailReaders(stage.client(), port, topic, READERS, PARTITIONS, timeZero));
        Measured measured = stage.measure(load);
        stage.checkRecords(topic, PARTITIONS, load.produced());
        stage.add(measured.run(
                name(),
                events ? "events" : "long polls",
                round,
                Run.Measure.P50_MILLIS,
                Map.of("requestsPerSecond", RATE.requestsPerSecond(), "readers", READERS)));
    }
}
