package io.trunkline.log;

import io.agroal.api.AgroalDataSource;
import io.agroal.api.configuration.supplier.AgroalDataSourceConfigurationSupplier;
import io.agroal.api.security.NamePrincipal;
import io.agroal.api.security.SimplePassword;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.trunkline.jdbc.Databases;
import io.trunkline.record.RecordBatch;
import io.trunkline.topic.TopicName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The append engine with its default configuration, as the service has it, without HTTP and without topics. */
public final class AppendEngineRun implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 60;
    private static final TopicName TOPIC = TopicName.parse("engine");
    private static final String NEW_TOPIC = """
            SELECT create_topic(?, ?)
            """;
    private static final String PARTITIONS = """
            SELECT h.tp_id
              FROM partition_head h
              JOIN topic t ON t.topic_id = h.topic_id
             WHERE t.name = ?
             ORDER BY h.partition
            """;

    private final AgroalDataSource dataSource;
    private final AppendBatcher batcher;

    /** Connects as the role that the service runs as, as the service itself does. */
    public AppendEngineRun(String jdbcUrl, String user, String password, String schema) throws SQLException {
        dataSource = AgroalDataSource.from(new AgroalDataSourceConfigurationSupplier()
                .connectionPoolConfiguration(pool -> pool.maxSize(16)
                        .acquisitionTimeout(Duration.ofSeconds(5))
                        .connectionFactoryConfiguration(factory -> factory.jdbcUrl(jdbcUrl)
                                .initialSql("SET search_path = " + schema + ", pg_temp")
                                .principal(new NamePrincipal(user))
                                .credential(new SimplePassword(password))
                                .jdbcProperty("prepareThreshold", "-1")
                                .jdbcProperty("binaryTransferEnable", "1001,1007,1009,1016"))));
        LogConfig config = Configs.log(Map.of());
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        batcher = new AppendBatcher(
                new AppendStore(Databases.of(dataSource)),
                config.append(),
                new LogMetrics(registry, new TopicCounters(registry, config)),
                (partitionId, range, batch) -> {});
    }

    /**
     * Appends for a while to the partitions of a new topic: to each one batch after the other, the next one when the one
     * before is durable.
     *
     * @param batches the values of the records of each batch
     * @return how many records were acknowledged
     */
    public long run(int partitions, byte[][][] batches, Duration time) {
        List<RecordBatch> records = new ArrayList<>();
        for (byte[][] batch : batches) {
            RecordBatch.Builder builder = new RecordBatch.Builder(batch.length, 0);
            for (byte[] value : batch) {
                builder.add(System.currentTimeMillis(), value, 0, value.length);
            }
            records.add(builder.build());
        }
        long end = System.nanoTime() + time.toNanos();
        List<Producer> producers = newTopic("engine-" + UUID.randomUUID(), partitions).stream()
                .map(id -> new Producer(id, records, end))
                .toList();
        producers.forEach(Producer::next);
        return producers.stream()
                .mapToLong(producer -> producer.done
                        .orTimeout(time.toSeconds() + PATIENCE_SECONDS, TimeUnit.SECONDS)
                        .join())
                .sum();
    }

    private List<Long> newTopic(String topic, int partitions) {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement insert = connection.prepareStatement(NEW_TOPIC);
                PreparedStatement select = connection.prepareStatement(PARTITIONS)) {
            insert.setString(1, topic);
            insert.setInt(2, partitions);
            insert.execute();
            select.setString(1, topic);
            List<Long> ids = new ArrayList<>();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    ids.add(rows.getLong(1));
                }
            }
            return ids;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        batcher.close();
        dataSource.close();
    }

    /** Keeps one batch under way for a partition. */
    private final class Producer {
        private final long partitionId;
        private final List<RecordBatch> batches;
        private final long end;
        private final CompletableFuture<Long> done = new CompletableFuture<>();
        private long acknowledged;
        private int number;

        Producer(long partitionId, List<RecordBatch> batches, long end) {
            this.partitionId = partitionId;
            this.batches = batches;
            this.end = end;
        }

        void next() {
            if (System.nanoTime() - end >= 0) {
                done.complete(acknowledged);
                return;
            }
            QueuedAppend append = new QueuedAppend(
                    new PartitionAppend(TOPIC, partitionId, batches.get(number++ % batches.size()), true));
            append.outcome().thenAccept(outcome -> {
                switch (outcome) {
                    case AppendOutcome.Appended appended -> {
                        acknowledged += append.records().count();
                        next();
                    }
                    case AppendOutcome.Duplicate duplicate ->
                        done.completeExceptionally(new IllegalStateException("duplicate"));
                    case AppendOutcome.Repeated repeated ->
                        done.completeExceptionally(new IllegalStateException("repeated"));
                    case AppendOutcome.Failed failed -> done.completeExceptionally(failed.failure());
                }
            });
            batcher.submit(List.of(append));
        }
    }
}
