package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Whether appends get slower while somebody keeps a transaction open: the rate at its end against that without it. */
final class OpenTransactionScenario implements Scenario {
    private static final int CONNECTIONS = 8;
    private static final int BYTES = 100;
    private static final int LONGEST_PART = 30;

    @Override
    public String name() {
        return "open-transaction";
    }

    @Override
    public String description() {
        return CONNECTIONS + " connections in a closed loop, one record of " + BYTES
                + " bytes a request, one partition: the rate in the last seconds of a long open transaction against"
                + " the rate before and after it. One round.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        int open = (int) Math.max(1, stage.settings().openTransaction().toSeconds());
        int part = Math.min(LONGEST_PART, open);
        String topic = stage.api().newTopic(1);
        Load produce = new ClosedLoop(stage.client(), stage.port(), CONNECTIONS, Payloads.json(topic, 1, BYTES));
        Measured measured = stage.measure(
                new Beside(produce, new OpenTransaction(stage.postgres(), part, open)),
                stage.settings().warmup(),
                Duration.ofSeconds(part + open + part));
        stage.checkRecords(topic, 1, measured.meter().records());

        List<Long> seconds = measured.meter().perSecond();
        double before = mean(seconds.subList(0, part));
        double during = mean(seconds.subList(open, part + open));
        double after = mean(seconds.subList(part + open, seconds.size()));
        String load = "open for " + open + " s";
        Map<String, Object> details = Map.of("before", before, "during", during, "after", after);
        stage.add(measured.run(name(), load, 1, Run.Measure.RECORDS_PER_SECOND, details)
                .withRecordsPerSecond(during));
        stage.add(measured.baseline(name(), load, "without", 1, Run.Measure.RECORDS_PER_SECOND, details)
                .withRecordsPerSecond((before + after) / 2));
    }

    private static double mean(List<Long> numbers) {
        return numbers.stream().mapToLong(Long::longValue).average().orElse(0);
    }
}
