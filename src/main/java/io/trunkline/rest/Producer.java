package io.trunkline.rest;

import io.trunkline.log.AppendOutcome;
import io.trunkline.log.Logs;
import io.trunkline.log.PartitionAppend;
import io.trunkline.topic.Creator;
import io.trunkline.topic.Topic;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import jakarta.inject.Singleton;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Sends the records of a request: chooses the partitions of those that name none, by their keys or spread, appends them by
 * partition, and puts together what became of each record.
 */
@Singleton
class Producer {
    /** Stands for a partition to be chosen: by the key, else spread. */
    static final int ANY_PARTITION = Assignment.ANY_PARTITION;

    private static final int REMEMBERED_TOPICS = 100_000;

    private final Topics topics;
    private final Logs logs;
    private final ConcurrentHashMap<TopicName, StickyPartitioner> partitioners = new ConcurrentHashMap<>();

    Producer(Topics topics, Logs logs) {
        this.topics = topics;
        this.logs = logs;
    }

    /** Records that have been accepted, and are written in order. */
    record Accepted(CompletableFuture<ProduceResult> result) {}

    /**
     * Sends records to a topic, created first where topics are created automatically. The call completes when the records have
     * been accepted, {@link Accepted#result} when they are durable.
     *
     * @param creator who creates the topic; empty for somebody who may not, as if topics were not created automatically
     */
    CompletableFuture<Accepted> send(TopicName name, Optional<Creator> creator, SendRequest request) {
        return getOrCreate(name, creator)
                .thenCompose(topic -> namesAll(topic, request)
                        ? CompletableFuture.completedFuture(topic)
                        // With a key it may have been written to a partition that another replica has just added.
                        : request.key().isPresent() ? topics.fresh(name) : topics.recent(name))
                .thenApply(topic -> new Accepted(request.key()
                        .map(key -> new OneWrite(topics, logs, key, request).send(topic))
                        .orElseGet(() -> new Call(topic, request).submit(true))));
    }

    /**
     * The topic to which records are to be sent, created first where topics are created automatically.
     *
     * @param creator who creates the topic; empty for somebody who may not
     * @param only where given, the partition of all records: the call fails where it does not exist
     */
    CompletableFuture<Topic> topic(TopicName name, Optional<Creator> creator, OptionalInt only) {
        return getOrCreate(name, creator)
                .thenCompose(topic -> only.isEmpty() || topic.hasPartition(only.getAsInt())
                        ? CompletableFuture.completedFuture(topic)
                        : topics.recent(name))
                .thenApply(topic -> {
                    only.ifPresent(topic::partitionId);
                    return topic;
                });
    }

    private CompletableFuture<Topic> getOrCreate(TopicName name, Optional<Creator> creator) {
        return creator.map(known -> topics.getOrCreate(name, known)).orElseGet(() -> topics.get(name));
    }

    private static boolean namesAll(Topic topic, SendRequest request) {
        return (request.only().isEmpty() || topic.hasPartition(request.only().getAsInt()))
                && Arrays.stream(request.partitions()).allMatch(p -> p == ANY_PARTITION || topic.hasPartition(p));
    }

    private StickyPartitioner partitioner(TopicName name) {
        if (partitioners.size() > REMEMBERED_TOPICS) {
            partitioners.clear(); // only where the next records without a key go is forgotten
        }
        return partitioners.computeIfAbsent(name, n -> new StickyPartitioner());
    }

    /** One call on one topic. */
    private final class Call {
        private final Topic topic;
        private final SendRequest request;
        private final Assignment assignment;

        Call(Topic topic, SendRequest request) {
            this.topic = topic;
            this.request = request;
            request.only().ifPresent(topic::partitionId);
            StickyPartitioner sticky = partitioner(topic.name());
            assignment = request.assign(
                    topic,
                    OneWrite.plan(topic),
                    (count, record) -> sticky.next(topic, request.records().sizeOf(record)));
        }

        /** Throws when nothing was accepted. */
        CompletableFuture<ProduceResult> submit(boolean mayRetry) {
            if (request.allOrNothing()) {
                assignment.requireAll();
            }
            List<Integer> partitions = List.copyOf(assignment.members().keySet());
            List<CompletableFuture<AppendOutcome>> outcomes = logs.append(partitions.stream()
                    .map(partition -> new PartitionAppend(
                            topic.name(),
                            topic.partitionId(partition),
                            assignment.records(partition),
                            !topic.config().logAppendTime(),
                            Optional.empty(),
                            request.expectedEnd()))
                    .toList());
            CompletableFuture<?>[] ends = new CompletableFuture<?>[outcomes.size()];
            for (int p = 0; p < ends.length; p++) {
                int partition = partitions.get(p);
                ends[p] = outcomes.get(p).thenAccept(outcome -> ended(partition, outcome));
            }
            return CompletableFuture.allOf(ends)
                    .thenCompose(done -> mayRetry && ends.length > 0 && assignment.topicIsGone()
                            ? again()
                            : CompletableFuture.completedFuture(assignment.result(false)));
        }

        private void ended(int partition, AppendOutcome outcome) {
            switch (outcome) {
                case AppendOutcome.Appended appended -> assignment.written(partition, appended.baseOffset());
                case AppendOutcome.Duplicate duplicate -> throw new IllegalStateException("no producer: " + duplicate);
                case AppendOutcome.Repeated repeated -> throw new IllegalStateException("no key: " + repeated);
                case AppendOutcome.EndMoved moved -> assignment.endMoved(moved);
                case AppendOutcome.Failed failed -> assignment.failed(partition, failed.failure());
            }
        }

        private CompletableFuture<ProduceResult> again() {
            return topics.after(topic).thenCompose(now -> new Call(now, request).submit(false));
        }
    }
}
