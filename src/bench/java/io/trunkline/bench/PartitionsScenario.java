package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.Map;

/** Many partitions that each get a record a second, over two replicas, and what they cost when they get none. */
final class PartitionsScenario implements Scenario {
    private static final int RECORDS_PER_REQUEST = 10;
    private static final int CONNECTIONS = 64;
    private static final int BYTES = 100;

    @Override
    public String name() {
        return "partitions";
    }

    @Override
    public String description() {
        return "Two replicas, a topic of many partitions, a record of " + BYTES
                + " bytes a second to each: open loop, requests of " + RECORDS_PER_REQUEST
                + " records to as many partitions, replicas in turn. Idle: CPU seconds a second with no load, before the"
                + " topic was made and after the run.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        int partitions = stage.settings().partitions() / RECORDS_PER_REQUEST * RECORDS_PER_REQUEST;
        int rate = partitions / RECORDS_PER_REQUEST;
        Service second = stage.addReplica();
        try {
            for (int round = 1; round <= stage.settings().rounds(); round++) {
                Usage idleBefore = stage.idle(stage.settings().measured());
                String topic = stage.api().newTopic(partitions);
                Produce produce = Payloads.onePerPartition(topic, partitions, RECORDS_PER_REQUEST, BYTES);
                Measured measured =
                        stage.measure(new OpenLoop(stage.client(), stage.ports(), CONNECTIONS, rate, produce));
                Usage idle = stage.idle(stage.settings().measured());
                stage.checkRecords(topic, partitions, measured.meter().records());
                stage.add(measured.run(
                        name(),
                        partitions + " partitions",
                        round,
                        Run.Measure.P50_MILLIS,
                        Map.of(
                                "requestsPerSecond", rate,
                                "idleServiceCpu", idle.serviceCpu(),
                                "idlePostgresCpu", idle.postgresCpu(),
                                "idleServiceCpuBefore", idleBefore.serviceCpu(),
                                "idlePostgresCpuBefore", idleBefore.postgresCpu())));
            }
        } finally {
            stage.removeReplica(second);
        }
    }
}
