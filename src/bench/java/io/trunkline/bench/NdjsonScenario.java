package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.Map;

/** Bodies of lines that are written as they arrive, by a service with half the heap, against requests in the JSON format. */
final class NdjsonScenario implements Scenario {
    private static final int SENDERS = 4;
    private static final int PARTITIONS = 4;
    private static final int BYTES = 100;
    private static final int HEAP_MEGABYTES = 256;
    private static final int CONNECTIONS = 32;
    private static final int RECORDS_PER_REQUEST = 100;

    @Override
    public String name() {
        return "ndjson";
    }

    @Override
    public String description() {
        return SENDERS + " connections, each of which sends bodies of " + LinesLoad.LINES + " lines of " + BYTES
                + " bytes one after the other, to a topic of " + PARTITIONS + " partitions. The replica has a heap of "
                + HEAP_MEGABYTES + " MB. Envelope: produce-100-json on the same replica.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        Service replica = stage.addReplica(HEAP_MEGABYTES);
        try {
            for (int round = 1; round <= stage.settings().rounds(); round++) {
                String topic = stage.api().newTopic(PARTITIONS);
                Measured lines = stage.measure(new LinesLoad(replica.port(), SENDERS, topic, BYTES));
                LogTables.Totals totals =
                        stage.checkRecords(topic, PARTITIONS, lines.meter().records());
                stage.add(lines.run(
                        name(),
                        SENDERS + " senders",
                        round,
                        Run.Measure.RECORDS_PER_SECOND,
                        Map.of(
                                "recordsPerBatch",
                                totals.recordsPerBatch(),
                                "replicaPeakMegabytes",
                                Processes.peakBytes(replica.handle()) >> 20)));
                String other = stage.api().newTopic(PARTITIONS);
                Produce produce = Payloads.json(other, RECORDS_PER_REQUEST, BYTES);
                Measured envelope = stage.measure(new ClosedLoop(stage.client(), replica.port(), CONNECTIONS, produce));
                stage.checkRecords(other, PARTITIONS, envelope.meter().records());
                stage.add(envelope.baseline(
                        name(), SENDERS + " senders", "envelope", round, Run.Measure.RECORDS_PER_SECOND, Map.of()));
            }
        } finally {
            stage.removeReplica(replica);
        }
    }
}
