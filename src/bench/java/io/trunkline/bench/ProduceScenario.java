package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.Map;

/** Produce as fast as 32 connections can, against a bare loop that writes batches of the size that the service wrote. */
record ProduceScenario(String name, int partitions, int recordsPerRequest, Format format) implements Scenario {
    private static final int CONNECTIONS = 32;
    private static final int BYTES = 100;
    private static final int MOST_BARE_CONNECTIONS = 2;

    @Override
    public String description() {
        return CONNECTIONS + " connections in a closed loop, " + recordsPerRequest + " records of " + BYTES
                + " bytes a request (" + format.option() + "), topic of " + partitions
                + " partitions. Bare: INSERT and commit over JDBC of batches of the same mean size.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        for (int round = 1; round <= stage.settings().rounds(); round++) {
            String topic = stage.api().newTopic(partitions);
            Produce produce = switch (format) {
                case JSON -> Payloads.json(topic, recordsPerRequest, BYTES);
                case BINARY -> Payloads.binary(topic, recordsPerRequest, BYTES);
            };
            Measured measured = stage.measure(new ClosedLoop(stage.client(), stage.port(), CONNECTIONS, produce));
            LogTables.Totals totals =
                    stage.checkRecords(topic, partitions, measured.meter().records());
            int batch = totals.recordsPerBatch();
            stage.add(measured.run(
                    name, load(), round, Run.Measure.RECORDS_PER_SECOND, Map.of("recordsPerBatch", batch)));
            Measured bare = Bare.measure(stage, Math.min(partitions, MOST_BARE_CONNECTIONS), batch, BYTES, 0);
            stage.add(bare.bare(name, load(), round, Run.Measure.RECORDS_PER_SECOND, Map.of("recordsPerBatch", batch)));
        }
    }

    private String load() {
        return recordsPerRequest + " a request";
    }
}
