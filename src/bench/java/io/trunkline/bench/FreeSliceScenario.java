package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** How long it takes to give the space of a large slice back, and what producers notice of it. */
final class FreeSliceScenario implements Scenario {
    private static final int PARTITIONS = 4;
    private static final int RATE = 200;
    private static final int CONNECTIONS = 256;
    private static final int RECORDS = 100;
    private static final int BYTES = 100;
    private static final int BATCH_RECORDS = 1_000;
    private static final int BATCH_VALUE_BYTES = 1_000;
    private static final int BATCHES_AT_ONCE = 50;

    @Override
    public String name() {
        return "free-slice";
    }

    @Override
    public String description() {
        return "Open loop of " + RATE + " requests a second, " + RECORDS + " records of " + BYTES
                + " bytes each, topic of " + PARTITIONS
                + " partitions, while the slice of the day before is freed: with a purge in the second measured second, and"
                + " without. The clock of the log is put forward by days for that.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        byte[][] values = randomValues();
        try (RetentionClock clock = new RetentionClock(stage.postgres())) {
            for (int round = 1; round <= stage.settings().rounds(); round++) {
                clock.nextDay();
                String old = stage.api().newTopic(1, "{\"retention.ms\":1000}");
                long slice = fill(stage, old, values);
                clock.nextDay();

                Measured without = produce(stage, null);
                clock.keepTurn();
                Purging purging = new Purging(stage.postgres(), slice);
                Measured beside = produce(stage, purging);

                Map<String, Object> details = new HashMap<>(purging.details());
                details.put(
                        "p99Ratio",
                        beside.meter().latency().p99()
                                / without.meter().latency().p99());
                String load = stage.settings().sliceMegabytes() + " MB";
                stage.add(beside.run(name(), load, round, Run.Measure.P50_MILLIS, details));
                stage.add(without.baseline(name(), load, "without", round, Run.Measure.P50_MILLIS, Map.of()));
            }
        }
    }

    /** Fills the current slice, and answers its number. */
    private static long fill(Stage stage, String topic, byte[][] values) throws SQLException {
        LogTables tables = stage.tables();
        LogTables.Place place = tables.place(topic, 0);
        long wanted = stage.settings().sliceMegabytes() * 1_000_000L;
        while (tables.bytes(place.leaf()) < wanted) {
            tables.append(place.partitionId(), values, BATCHES_AT_ONCE);
        }
        // Autovacuum has long been through a slice of days ago.
        tables.vacuum(place.leaf());
        return place.slice();
    }

    private static Measured produce(Stage stage, @Nullable Purging purging) throws IOException, SQLException {
        String topic = stage.api().newTopic(PARTITIONS);
        Load load =
                new OpenLoop(stage.client(), stage.ports(), CONNECTIONS, RATE, Payloads.json(topic, RECORDS, BYTES));
        Measured measured = stage.measure(
                purging == null ? load : new Beside(load, purging),
                stage.settings().warmup(),
                stage.settings().free());
        stage.checkRecords(topic, PARTITIONS, measured.meter().records());
        return measured;
    }

    private static byte[][] randomValues() {
        Random random = new Random(1);
        byte[][] values = new byte[BATCH_RECORDS][BATCH_VALUE_BYTES];
        for (byte[] value : values) {
            random.nextBytes(value);
        }
        return values;
    }
}
