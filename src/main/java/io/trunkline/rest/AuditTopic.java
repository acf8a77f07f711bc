package io.trunkline.rest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import io.trunkline.access.AccessConfig;
import io.trunkline.access.AuditEvent;
import io.trunkline.error.Failures;
import io.trunkline.log.Logs;
import io.trunkline.log.PartitionAppend;
import io.trunkline.record.RecordBatch;
import io.trunkline.topic.Topic;
import io.trunkline.topic.TopicConfig;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import io.vertx.core.Vertx;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what {@link io.trunkline.access.Audit} writes down as records of a topic too, where one is configured. They wait in a
 * bounded queue while the log cannot take them, and are dropped beyond it: the audited call neither waits nor fails.
 */
@Singleton
class AuditTopic {
    private static final Logger LOG = Logger.getLogger(AuditTopic.class);
    private static final int MOST_QUEUED = 10_000;
    private static final int MOST_TOGETHER = 500;
    private static final int EXPECTED_BYTES = 300;
    private static final long PAUSE_MILLIS = 1_000;
    private static final Duration RETENTION = Duration.ofDays(90);

    private final Optional<TopicName> name;
    private final Topics topics;
    private final Logs logs;
    private final ObjectMapper mapper;
    private final Vertx vertx;
    private final Counter dropped;
    /** Guarded by this; so is what follows. */
    private final ArrayDeque<Line> queue = new ArrayDeque<>();

    private boolean writing;

    AuditTopic(
            AccessConfig config, Topics topics, Logs logs, ObjectMapper mapper, Vertx vertx, MeterRegistry registry) {
        name = config.auditTopic().map(TopicName::parse);
        this.topics = topics;
        this.logs = logs;
        this.mapper = mapper;
        this.vertx = vertx;
        dropped = Counter.builder("trunkline.audit.dropped")
                .description("Audit events that the audit topic does not have, because the log could not take them")
                .register(registry);
    }

    /** One event as it is written. */
    private record Line(long timestamp, byte[] value) {}

    /** A name that no topic can have stops the start. */
    void start(@Observes StartupEvent event) {
        name.ifPresent(topic -> LOG.infof("Audit events are kept topic=%s", topic));
    }

    void heard(@Observes AuditEvent event) {
        if (name.isEmpty()) {
            return;
        }
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("at", event.at().toString());
        fields.putAll(event.fields());
        byte[] value;
        try {
            value = mapper.writeValueAsBytes(fields);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
        synchronized (this) {
            if (queue.size() >= MOST_QUEUED) {
                dropped.increment();
                return;
            }
            queue.add(new Line(event.at().toEpochMilli(), value));
            if (writing) {
                return;
            }
            writing = true;
        }
        write(name.get());
    }

    private void write(TopicName topic) {
        List<Line> records = first();
        if (records.isEmpty()) {
            return;
        }
        append(topic, records).whenComplete((done, failure) -> written(topic, records.size(), failure));
    }

    private synchronized List<Line> first() {
        writing = !queue.isEmpty();
        return queue.stream().limit(MOST_TOGETHER).toList();
    }

    private CompletableFuture<Void> append(TopicName name, List<Line> records) {
        RecordBatch.Builder batch = new RecordBatch.Builder(records.size(), records.size() * EXPECTED_BYTES);
        records.forEach(record -> batch.add(record.timestamp(), record.value(), 0, record.value().length));
        return topics.ensure(name, TopicConfig.parse(Map.of("retention.ms", Long.toString(RETENTION.toMillis()))))
                .thenCompose(topic -> append(topic, batch.build()));
    }

    private CompletableFuture<Void> append(Topic topic, RecordBatch records) {
        List<PartitionAppend> appends = new ArrayList<>();
        appends.add(new PartitionAppend(topic.name(), topic.partitionId(0), records, true));
        return logs.append(appends).getFirst().thenAccept(outcome -> outcome.orThrow());
    }

    private void written(TopicName topic, int count, @Nullable Throwable failure) {
        if (failure == null) {
            synchronized (this) {
                for (int i = 0; i < count; i++) {
                    queue.remove();
                }
            }
            write(topic);
        } else {
            LOG.warnf(
                    "Audit events wait for the log topic=%s code=%s message=%s",
                    topic, Failures.code(failure), Failures.unwrapped(failure).getMessage());
            vertx.setTimer(PAUSE_MILLIS, later -> write(topic));
        }
    }
}
