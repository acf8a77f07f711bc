package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What many consumers cost that wait for records, and how soon they have one that comes. */
final class IdlePollsScenario implements Scenario {
    private static final int MEMBERS = 10;

    @Override
    public String name() {
        return "idle-polls";
    }

    @Override
    public String description() {
        return "Many consumers, groups of " + MEMBERS
                + " on a topic of as many partitions, that wait in long polls of 20"
                + " s for records that do not come: threads of the service before and with them, CPU seconds a second"
                + " before and with them, transactions of the whole server that wrote, its write-ahead log, and rows"
                + " written by table (those of " + Writes.DELAY_SECONDS
                + " seconds more if there are any, since PostgreSQL tells them late; that a consumer is alive is written"
                + " once or twice a minute, in group_member). Then "
                + IdlePolls.WAKE_UPS
                + " times a record is written to each partition; latency from when it was to be sent until each consumer"
                + " has it. One round.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        long threadsBefore = stage.serviceThreads();
        Usage idleBefore = stage.idle(stage.settings().measured());
        String topic = stage.api().newTopic(MEMBERS);
        List<Group> groups = new ArrayList<>();
        for (int i = 0; i < stage.settings().consumers() / MEMBERS; i++) {
            groups.add(Group.join(stage.api(), topic, MEMBERS, MEMBERS, Format.JSON));
        }
        long threadsJoined = stage.serviceThreads();

        IdlePolls polls = new IdlePolls(stage.client(), stage.port(), topic, groups);
        Watched watched = new Watched(stage, polls);
        // What was written while they joined must be known when the measured time begins.
        Duration warmup = Duration.ofSeconds(
                Math.max(Writes.DELAY_SECONDS, stage.settings().warmup().toSeconds()));
        Measured measured = stage.measure(watched, warmup, stage.settings().idle());

        long seconds = stage.settings().idle().toSeconds();
        Usage idle = measured.usage().perSecond(seconds);
        Map<String, Object> details = new HashMap<>();
        details.put("threadsBefore", known(threadsBefore));
        details.put("threadsJoined", known(threadsJoined));
        details.put("threadsWaiting", known(watched.mostThreads()));
        details.put("idleServiceCpuBefore", idleBefore.serviceCpu());
        details.put("idlePostgresCpuBefore", idleBefore.postgresCpu());
        details.put("idleServiceCpu", idle.serviceCpu());
        details.put("idlePostgresCpu", idle.postgresCpu());
        details.put("idleSeconds", seconds);
        details.put("writeTransactions", watched.written().transactions());
        details.put("walBytes", watched.written().walBytes());
        details.put("rowsWritten", watched.written().rows());
        details.put("emptyPolls", polls.emptyPolls());
        details.put("earlyPolls", polls.earlyPolls());
        stage.add(measured.run(name(), groups.size() * MEMBERS + " consumers", 1, Run.Measure.P50_MILLIS, details));
        groups.forEach(group -> {
            group.leave();
            group.delete();
        });
    }

    private static Object known(long threads) {
        return threads < 1 ? "unknown" : threads;
    }
}
