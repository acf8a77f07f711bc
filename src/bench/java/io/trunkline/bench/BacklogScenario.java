package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.Map;

/** Whether a long log is slower to read where it is old: pages at its beginning against pages at its end. */
final class BacklogScenario implements Scenario {
    private static final int RECORDS_PER_BATCH = 1000;
    private static final int BYTES = 100;
    /** The last 50 MB without the last 2 MB, which a service may still have at hand. */
    private static final int TAIL_RECORDS = 500_000;

    private static final int LAST_RECORDS = 20_000;

    @Override
    public String name() {
        return "backlog";
    }

    @Override
    public String description() {
        return "A partition with many records of " + BYTES + " bytes: pages of 1 MiB in its first tenth, in turn with"
                + " pages in the last 50 MB but not the last 2 MB.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        String topic = stage.api().newTopic(1);
        int batches = stage.settings().backlog() / RECORDS_PER_BATCH;
        long records = Preload.append(stage, topic, 1, batches, RECORDS_PER_BATCH, BYTES)
                .getFirst();
        BacklogLoad.Range head = new BacklogLoad.Range(0, records / 10);
        BacklogLoad.Range tail = new BacklogLoad.Range(
                records - Math.min(TAIL_RECORDS, records / 2), records - Math.min(LAST_RECORDS, records / 10));
        String name = records + " records";
        for (int round = 1; round <= stage.settings().rounds(); round++) {
            BacklogLoad load = new BacklogLoad(stage.client(), stage.port(), topic, head, tail);
            Measured atHead = stage.measure(load);
            Measured atTail = new Measured(load.tailMeter(), atHead.usage(), atHead.commitMillis());
            stage.add(atHead.run(name(), name, round, Run.Measure.P50_MILLIS, Map.of()));
            stage.add(atTail.baseline(name(), name, "tail", round, Run.Measure.P50_MILLIS, Map.of()));
        }
    }
}
