package io.trunkline.bench;

import io.trunkline.testing.Api;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Map;

/** How many polls a group can do whose members get one record by each, and one consumer alone. */
final class PollsScenario implements Scenario {
    private static final int MEMBERS = 64;
    private static final int RECORDS_PER_BATCH = 100;
    private static final int BYTES = 100;

    @Override
    public String name() {
        return "polls";
    }

    @Override
    public String description() {
        return "A group of " + MEMBERS + " members with a partition each, and one of a single member: each member polls"
                + " over a connection of its own, one record of " + BYTES
                + " bytes a poll, with auto-commit. The partitions are filled beforehand with batches of "
                + RECORDS_PER_BATCH
                + " records; a member that has read its own goes back to the beginning, so none runs dry. Every offset"
                + " must come once, in order, to one member. Fetch: stateless fetches of one record each over as many"
                + " connections.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        Reading all = fill(stage, MEMBERS);
        Reading alone = fill(stage, 1);
        for (int round = 1; round <= stage.settings().rounds(); round++) {
            play(stage, all, round);
            play(stage, alone, round);
        }
    }

    /** A topic of so many partitions, each with records for the members. */
    static Reading fill(Stage stage, int partitions) throws SQLException {
        String topic = stage.api().newTopic(partitions);
        int batches = stage.settings().pollRecords() / MEMBERS / RECORDS_PER_BATCH;
        return new Reading(
                topic, Preload.append(stage, topic, partitions, batches, RECORDS_PER_BATCH, BYTES), Format.JSON, 1);
    }

    private void play(Stage stage, Reading reading, int round) throws IOException, SQLException {
        int members = reading.partitions();
        String load = members == 1 ? "1 member" : members + " members";
        Polled polled = poll(stage, stage.api(), stage.port(), Bearer.NOBODY, reading);
        stage.add(polled.measured().run(name(), load, round, Run.Measure.RECORDS_PER_SECOND, polled.details()));
        Measured fetch = stage.measure(new FetchLoop(stage.client(), stage.port(), reading, members));
        checkOneEach(fetch.meter(), 0);
        stage.add(fetch.baseline(name(), load, "fetch", round, Run.Measure.RECORDS_PER_SECOND, Map.of()));
    }

    /** What a group did, and what there is to say about it. */
    record Polled(Measured measured, Map<String, Object> details) {}

    /** Polls a replica by a new group, with a member for each partition, all with one token. */
    static Polled poll(Stage stage, Api api, int port, Bearer bearer, Reading reading)
            throws IOException, SQLException {
        int members = reading.partitions();
        Group group = Group.join(api, bearer, reading.topic(), members, members, reading.format());
        PollLoop loop = new PollLoop(stage.client(), port, group, reading);
        Measured measured = stage.measure(loop);
        checkOneEach(measured.meter(), loop.emptyPolls());
        group.leave();
        Map<String, Object> details = Map.of(
                "emptyPolls", loop.emptyPolls(),
                "passes", loop.passes(),
                "uncommittedWhenDeleted", loop.uncommitted(group.committed()));
        group.delete();
        return new Polled(measured, details);
    }

    /** Records a second are polls a second only where each gave one. */
    private static void checkOneEach(Meter meter, long empty) {
        if (meter.records() != meter.requests() - empty) {
            throw new IllegalStateException(meter.requests() + " polls for one record, of which " + empty
                    + " found none, gave " + meter.records());
        }
    }
}
