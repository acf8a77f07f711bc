package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;

/** Reading a long partition with one connection, page by page, against a bare loop over the same pages. */
final class FetchScenario implements Scenario {
    private static final int RECORDS_PER_REQUEST = 1000;
    private static final int BYTES = 100;
    private static final int CONNECTIONS = 8;
    private static final Duration PRELOAD = Duration.ofMinutes(15);
    private static final String LOAD = "1 MiB pages";

    @Override
    public String name() {
        return "fetch";
    }

    @Override
    public String description() {
        return "One connection reads a partition of records of " + BYTES
                + " bytes from start to end and again, in pages"
                + " of 1 MiB as JSON. Bare: the same pages by SELECT over JDBC in binary.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        String topic = stage.api().newTopic(1);
        long records = preload(stage, topic);
        LogTables.Place place = stage.tables().place(topic, 0);
        for (int round = 1; round <= stage.settings().rounds(); round++) {
            FetchLoop loop = new FetchLoop(stage.client(), stage.port(), topic, records);
            Measured measured = stage.measure(loop);
            Map<String, Object> details =
                    Map.of("recordsInPartition", records, "pages", loop.pages().size());
            stage.add(measured.run(name(), LOAD, round, Run.Measure.RECORDS_PER_SECOND, details));
            Measured bare = stage.measure(new BareReader(stage.postgres(), place, loop.pages()));
            stage.add(bare.bare(name(), LOAD, round, Run.Measure.RECORDS_PER_SECOND, details));
        }
    }

    private static long preload(Stage stage, String topic) throws IOException, SQLException {
        long requests = stage.settings().fetchRecords() / RECORDS_PER_REQUEST;
        Produce produce = Payloads.json(topic, RECORDS_PER_REQUEST, BYTES);
        try (ClosedLoop load = new ClosedLoop(stage.client(), stage.port(), CONNECTIONS, produce, requests)) {
            load.start(Window.soon(Duration.ZERO, Duration.ofSeconds(1)));
            load.awaitDone(PRELOAD);
            long records = load.finish().records();
            stage.checkRecords(topic, 1, records);
            return records;
        }
    }
}
