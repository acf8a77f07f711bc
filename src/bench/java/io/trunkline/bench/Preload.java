package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Fills topics that are read afterwards. */
final class Preload {
    private static final int RECORDS_PER_REQUEST = 1000;
    private static final int CONNECTIONS = 8;
    private static final Duration PATIENCE = Duration.ofMinutes(15);

    private Preload() {}

    /** Produces as many records as the settings say, and answers where each partition ends. */
    static List<Long> produce(Stage stage, String topic, int partitions, int bytes) throws IOException, SQLException {
        long requests = stage.settings().fetchRecords() / RECORDS_PER_REQUEST;
        Produce produce = Payloads.json(topic, RECORDS_PER_REQUEST, bytes);
        try (ClosedLoop load = new ClosedLoop(stage.client(), stage.port(), CONNECTIONS, produce, requests)) {
            load.start(Window.soon(Duration.ZERO, Duration.ofSeconds(1)));
            load.awaitDone(PATIENCE);
            stage.checkRecords(topic, partitions, load.finish().records());
            return stage.ends(topic, partitions);
        }
    }

    /** Appends batches of just this size by SQL, as many to each partition, and answers where each ends. */
    static List<Long> append(Stage stage, String topic, int partitions, int batches, int recordsPerBatch, int bytes)
            throws SQLException {
        Random random = new Random(1);
        byte[][] values = new byte[recordsPerBatch][];
        Arrays.setAll(values, i -> Payloads.value(random, bytes));
        for (int p = 0; p < partitions; p++) {
            stage.tables().append(stage.tables().place(topic, p).partitionId(), values, batches);
        }
        stage.checkRecords(topic, partitions, (long) partitions * batches * recordsPerBatch);
        return stage.ends(topic, partitions);
    }
}
