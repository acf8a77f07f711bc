package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** Reading a long topic through one consumer, against stateless fetches of the same records. */
final class ConsumeScenario implements Scenario {
    private static final int PARTITIONS = 6;
    private static final int BYTES = 100;
    private static final int MAX_BYTES = 1024 * 1024;

    @Override
    public String name() {
        return "consume";
    }

    @Override
    public String description() {
        return "One consumer with auto-commit polls over one connection, in pages of 1 MiB, what is in a topic of "
                + PARTITIONS + " partitions of records of " + BYTES
                + " bytes; at the end it goes back to the beginning. Every offset of every partition must come once, in"
                + " order. Fetch: stateless fetches of the same partitions, one after another, in pages of the same"
                + " size.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        String topic = stage.api().newTopic(PARTITIONS);
        List<Long> ends = Preload.produce(stage, topic, PARTITIONS, BYTES);
        for (int round = 1; round <= stage.settings().rounds(); round++) {
            for (Format format : Format.values()) {
                play(stage, new Reading(topic, ends, format, MAX_BYTES), round);
            }
        }
    }

    private void play(Stage stage, Reading reading, int round) throws IOException, SQLException {
        String load = "1 MiB pages, " + reading.format().option();
        Group group = Group.join(stage.api(), reading.topic(), PARTITIONS, 1, reading.format());
        PollLoop loop = new PollLoop(stage.client(), stage.port(), group, reading);
        Measured measured = stage.measure(loop);
        group.leave();
        Map<String, Object> details = Map.of(
                "polls", measured.meter().requests(),
                "emptyPolls", loop.emptyPolls(),
                "passes", loop.passes(),
                "uncommittedWhenDeleted", loop.uncommitted(group.committed()));
        group.delete();
        stage.add(measured.run(name(), load, round, Run.Measure.RECORDS_PER_SECOND, details));
        Measured fetch = stage.measure(new FetchLoop(stage.client(), stage.port(), reading, 1));
        stage.add(fetch.baseline(name(), load, "fetch", round, Run.Measure.RECORDS_PER_SECOND, Map.of()));
    }
}
