package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** Reading a long partition with one connection, page by page, against a bare loop over the same pages. */
final class FetchScenario implements Scenario {
    private static final int BYTES = 100;
    private static final int MAX_BYTES = 1024 * 1024;
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
        List<Long> ends = Preload.produce(stage, topic, 1, BYTES);
        LogTables.Place place = stage.tables().place(topic, 0);
        Reading reading = new Reading(topic, ends, Format.JSON, MAX_BYTES);
        for (int round = 1; round <= stage.settings().rounds(); round++) {
            FetchLoop loop = new FetchLoop(stage.client(), stage.port(), reading, 1);
            Measured measured = stage.measure(loop);
            Map<String, Object> details = Map.of(
                    "recordsInPartition", ends.getFirst(), "pages", loop.pages().size());
            stage.add(measured.run(name(), LOAD, round, Run.Measure.RECORDS_PER_SECOND, details));
            Measured bare = stage.measure(new BareReader(stage.postgres(), place, loop.pages()));
            stage.add(bare.bare(name(), LOAD, round, Run.Measure.RECORDS_PER_SECOND, details));
        }
    }
}
