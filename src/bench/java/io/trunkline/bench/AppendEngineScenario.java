package io.trunkline.bench;

import io.trunkline.log.AppendEngineRun;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Map;

/** The append path alone, in the process of the load generator, against a bare loop with the same batches. */
final class AppendEngineScenario implements Scenario {
    private static final int PARTITIONS = 2;
    private static final int RECORDS = 1000;
    private static final int BYTES = 100;
    private static final String LOAD = "1000 a batch";

    @Override
    public String name() {
        return "append-engine";
    }

    @Override
    public String description() {
        return "The append path without HTTP: batches of " + RECORDS + " records of " + BYTES + " bytes to "
                + PARTITIONS + " partitions. Bare: INSERT and commit of the same batches on " + PARTITIONS
                + " connections.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        Postgres postgres = stage.postgres();
        int last = stage.tables().lastPartitionId();
        long acknowledged = 0;
        for (int round = 1; round <= stage.settings().rounds(); round++) {
            Measured measured;
            try (AppendEngineRun engine = new AppendEngineRun(
                    postgres.url(), postgres.applicationUsername(), postgres.applicationPassword(), "trunkline")) {
                measured = stage.measure(new EngineLoad(engine::run, PARTITIONS, Payloads.batches(RECORDS, BYTES)));
            }
            acknowledged += measured.meter().records();
            long found = stage.tables().recordsAfter(last);
            if (found < acknowledged) {
                throw new IllegalStateException(found + " of " + acknowledged + " records are in the log");
            }
            stage.add(measured.run(name(), LOAD, round, Run.Measure.RECORDS_PER_SECOND, Map.of()));
            Measured bare = Bare.measure(stage, PARTITIONS, RECORDS, BYTES, 0);
            stage.add(bare.bare(name(), LOAD, round, Run.Measure.RECORDS_PER_SECOND, Map.of()));
        }
    }
}
