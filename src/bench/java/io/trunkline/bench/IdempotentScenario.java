package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What it costs that each request has an idempotency key, against the same requests without. */
final class IdempotentScenario implements Scenario {
    private static final int CONNECTIONS = 32;
    private static final int PARTITIONS = 4;
    private static final int BYTES = 100;
    private static final List<Integer> RECORDS = List.of(1, 100);

    @Override
    public String name() {
        return "idempotent";
    }

    @Override
    public String description() {
        return CONNECTIONS + " connections in a closed loop, 1 and 100 records of " + BYTES
                + " bytes a request (json), topic of " + PARTITIONS
                + " partitions, each request with an Idempotency-Key of its own. Without: the same without keys. A different one"
                + " of them begins each round. ofWithout: the rate divided by the rate without keys in that round.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        for (int round = 1; round <= stage.settings().rounds(); round++) {
            for (int records : RECORDS) {
                boolean keysFirst = round % 2 == 0;
                Result first = measure(stage, records, keysFirst);
                Result second = measure(stage, records, !keysFirst);
                add(stage, records, round, keysFirst ? first : second, keysFirst ? second : first);
            }
        }
    }

    private record Result(Measured measured, int recordsPerBatch) {}

    private static Result measure(Stage stage, int records, boolean keys) throws IOException, SQLException {
        String topic = stage.api().newTopic(PARTITIONS);
        Produce produce = keys ? Payloads.jsonWithKeys(topic, records, BYTES) : Payloads.json(topic, records, BYTES);
        Measured measured = stage.measure(new ClosedLoop(stage.client(), stage.port(), CONNECTIONS, produce));
        LogTables.Totals totals =
                stage.checkRecords(topic, PARTITIONS, measured.meter().records());
        return new Result(measured, totals.recordsPerBatch());
    }

    private void add(Stage stage, int records, int round, Result with, Result without) {
        String load = records + " a request";
        Map<String, Object> details = new HashMap<>();
        details.put("recordsPerBatch", with.recordsPerBatch());
        details.put(
                "ofWithout",
                with.measured().meter().recordsPerSecond()
                        / without.measured().meter().recordsPerSecond());
        stage.add(with.measured().run(name(), load, round, Run.Measure.RECORDS_PER_SECOND, details));
        stage.add(without.measured()
                .baseline(
                        name(),
                        load,
                        "without",
                        round,
                        Run.Measure.RECORDS_PER_SECOND,
                        Map.of("recordsPerBatch", without.recordsPerBatch())));
    }
}
