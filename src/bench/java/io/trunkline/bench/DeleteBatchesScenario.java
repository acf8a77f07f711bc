package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Whether the deletion of single batches, where a slice stays, keeps up with what is produced. */
final class DeleteBatchesScenario implements Scenario {
    private static final int PARTITIONS = 4;
    private static final int CONNECTIONS = 64;
    private static final int RECORDS = 100;
    private static final int BYTES = 1_000;
    private static final int RETENTION_MILLIS = 5_000;

    @Override
    public String name() {
        return "delete-batches";
    }

    @Override
    public String description() {
        return "Open loop of requests of " + RECORDS + " records of " + BYTES + " bytes, topic of " + PARTITIONS
                + " partitions that keeps them for " + RETENTION_MILLIS / 1_000
                + " s in a slice that another topic keeps for ever; a second replica purges every second. The bytes that"
                + " have expired and are still to be deleted: their mean in the second quarter of the time, and in the last."
                + " Without: a topic that keeps its records. One round.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        int rate = Math.max(1, stage.settings().deleteMegabytes() * 1_000_000 / (RECORDS * BYTES));
        String forever = stage.api().newTopic(1, "{\"retention.ms\":-1}");
        stage.tables().append(stage.tables().place(forever, 0).partitionId(), new byte[][] {{1}}, 1);
        String load = stage.settings().deleteMegabytes() + " MB/s";

        String kept = stage.api().newTopic(PARTITIONS, "{\"retention.ms\":-1}");
        Measured without = stage.measure(produce(stage, kept, rate));
        stage.checkRecords(kept, PARTITIONS, without.meter().records());
        stage.api().delete("/topics/" + kept);

        Service purger = stage.addReplica(
                Map.of("trunkline.retention.check-interval", "1s", "trunkline.retention.max-delete-rate", "1G"));
        try {
            String topic = stage.api().newTopic(PARTITIONS, "{\"retention.ms\":" + RETENTION_MILLIS + "}");
            Leftovers leftovers = new Leftovers(stage.postgres(), topic);
            Duration duration = stage.settings().delete();
            Measured beside = stage.measure(
                    new Beside(produce(stage, topic, rate), leftovers),
                    stage.settings().warmup(),
                    duration);
            long ends = stage.ends(topic, PARTITIONS).stream()
                    .mapToLong(Long::longValue)
                    .sum();
            if (ends != beside.meter().records()) {
                throw new IllegalStateException(
                        beside.meter().records() + " records were acknowledged, but the ends add up to " + ends);
            }
            Map<String, Object> details = new HashMap<>(leftovers.details());
            details.put("producedMegabytesPerSecond", beside.meter().recordsPerSecond() * BYTES / 1e6);
            stage.add(beside.run(name(), load, 1, Run.Measure.RECORDS_PER_SECOND, details));
            stage.add(without.baseline(name(), load, "without", 1, Run.Measure.RECORDS_PER_SECOND, Map.of()));
            stage.api().delete("/topics/" + topic);
            stage.api().delete("/topics/" + forever);
        } finally {
            stage.removeReplica(purger);
        }
    }

    private static Load produce(Stage stage, String topic, int rate) {
        return new OpenLoop(
                stage.client(), List.of(stage.port()), CONNECTIONS, rate, Payloads.json(topic, RECORDS, BYTES));
    }
}
