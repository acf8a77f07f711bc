package io.trunkline.rest;

import io.trunkline.error.TrunklineException;
import io.trunkline.log.AppendOutcome;
import io.trunkline.log.AppendRoom;
import io.trunkline.log.Logs;
import io.trunkline.log.PartitionAppend;
import io.trunkline.log.ProduceKey;
import io.trunkline.log.ProducePlan;
import io.trunkline.record.RecordBatch;
import io.trunkline.topic.Topic;
import io.trunkline.topic.Topics;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/**
 * The records of a request with an idempotency key, which are written once however often it comes.
 *
 * <p>Each partition's part is written with a key of its own in the same transaction. The first part goes alone: its key holds
 * how many partitions the topic has and how large a record can be. From these and the request follows where all records go,
 * so that a repetition distributes them as the first request did, and completes what that has left undone.
 */
final class OneWrite {
    /** Records without a key go to the next partition after so many bytes, so that batches grow. */
    private static final long STICKY_BYTES = 16 * 1024;

    private final Topics topics;
    private final Logs logs;
    private final RequestKey key;
    private final SendRequest request;

    /** @param key that of the request */
    OneWrite(Topics topics, Logs logs, RequestKey key, SendRequest request) {
        this.topics = topics;
        this.logs = logs;
        this.key = key;
        this.request = request;
    }

    /** What of a topic decides where records go now. */
    static ProducePlan plan(Topic topic) {
        return new ProducePlan(topic.partitionCount(), topic.config().maxMessageBytes());
    }

    /**
     * Writes what has not been written, and completes with what became of each record when that is durable. Fails with
     * {@code IDEMPOTENCY_KEY_REUSED} where the key belongs to another request.
     *
     * @throws TrunklineException when nothing was accepted
     */
    CompletableFuture<ProduceResult> send(Topic topic) {
        return send(topic, true);
    }

    private CompletableFuture<ProduceResult> send(Topic topic, boolean mayRetry) {
        request.only().ifPresent(topic::partitionId);
        Distribution to = new Distribution(topic, plan(topic));
        if (to.isEmpty() || request.allOrNothing() && to.assignment.isRefused()) {
            return written(topic, to.assignment);
        }
        // All of them count as waiting while the first is written, and none is refused when it has been.
        AppendRoom room =
                logs.room(to.byPartitionId(to.parts), request.records().memorySize());
        PartitionAppend append = to.append(to.firstPart(), key.id(topic.id()), request.expectedEnd());
        return logs.append(List.of(append), room)
                .getFirst()
                .thenCompose(outcome -> switch (outcome) {
                    case AppendOutcome.Appended appended -> {
                        to.assignment.written(to.first, appended.baseOffset());
                        yield others(to, appended.baseOffset(), false, room);
                    }
                    case AppendOutcome.Repeated repeated -> {
                        if (!repeated.plan().equals(to.plan)) {
                            yield repeated(topic, repeated, room);
                        }
                        to.repeated(repeated);
                        yield others(to, repeated.baseOffset(), true, room);
                    }
                    case AppendOutcome.Duplicate duplicate ->
                        throw new IllegalStateException("no producer: " + duplicate);
                    case AppendOutcome.KeyReused reused -> throw reused.failure();
                    case AppendOutcome.EndMoved moved -> {
                        to.assignment.endMoved(moved);
                        yield CompletableFuture.completedFuture(to.assignment.result(false));
                    }
                    case AppendOutcome.Failed failed -> {
                        to.parts.forEach(part -> to.assignment.failed(part.partition(), failed.failure()));
                        if (!mayRetry || !to.assignment.topicIsGone()) {
                            yield CompletableFuture.completedFuture(to.assignment.result(false));
                        }
                        room.close();
                        yield topics.after(topic).thenCompose(now -> send(now, false));
                    }
                })
                .whenComplete((result, failure) -> room.close());
    }

    /** The request would be refused now, but when it was written first the topic may have taken larger records. */
    private CompletableFuture<ProduceResult> written(Topic topic, Assignment refused) {
        AppendRoom room = logs.room(Map.of(), request.records().memorySize());
        ProduceKey first = new ProduceKey(key.id(topic.id()), key.fingerprint(), plan(topic));
        return logs.find(first)
                .thenCompose(found -> switch (found.orElse(null)) {
                    case AppendOutcome.Repeated repeated -> repeated(topic, repeated, room);
                    case AppendOutcome.Failed failed -> throw failed.failure();
                    case null, default -> {
                        if (request.allOrNothing()) {
                            refused.requireAll();
                        }
                        yield CompletableFuture.completedFuture(refused.result(false));
                    }
                })
                .whenComplete((result, failure) -> room.close());
    }

    /** The first part had been written before: the others follow the plan of that time. */
    private CompletableFuture<ProduceResult> repeated(Topic topic, AppendOutcome.Repeated repeated, AppendRoom room) {
        ProducePlan plan = repeated.plan();
        if (plan.partitionCount() > topic.partitionCount()) {
            // Partitions were added of which this replica does not know yet.
            return topics.fresh(topic.name()).thenCompose(now -> {
                if (!now.id().equals(topic.id()) || plan.partitionCount() > now.partitionCount()) {
                    throw ProduceResult.incomplete(null);
                }
                return repeated(now, repeated, room);
            });
        }
        Distribution to = new Distribution(topic, plan);
        to.repeated(repeated);
        room.close();
        AppendRoom ofOthers;
        try {
            ofOthers =
                    logs.room(to.byPartitionId(to.others()), request.records().memorySize());
        } catch (TrunklineException full) {
            throw ProduceResult.incomplete(full);
        }
        return others(to, repeated.baseOffset(), true, ofOthers).whenComplete((result, failure) -> ofOthers.close());
    }

    /** Writes all parts but the first. What becomes of one says nothing of the others: a repetition completes them. */
    private CompletableFuture<ProduceResult> others(
            Distribution to, long firstOffset, boolean repeated, AppendRoom room) {
        List<Part> others = to.others();
        if (others.isEmpty()) {
            return CompletableFuture.completedFuture(to.assignment.result(repeated));
        }
        long firstId = to.topic.partitionId(to.first);
        List<CompletableFuture<AppendOutcome>> outcomes = logs.append(
                others.stream()
                        .map(part -> to.append(
                                part,
                                key.id(to.topic.id(), part.partition(), firstId, firstOffset),
                                OptionalLong.empty()))
                        .toList(),
                room);
        CompletableFuture<?>[] ends = new CompletableFuture<?>[outcomes.size()];
        for (int p = 0; p < ends.length; p++) {
            int partition = others.get(p).partition();
            ends[p] = outcomes.get(p).thenAccept(outcome -> ended(to.assignment, partition, outcome));
        }
        return CompletableFuture.allOf(ends).thenApply(done -> to.assignment.result(repeated));
    }

    private static void ended(Assignment assignment, int partition, AppendOutcome outcome) {
        switch (outcome) {
            case AppendOutcome.Appended appended -> assignment.written(partition, appended.baseOffset());
            case AppendOutcome.Repeated repeated -> assignment.repeated(partition, repeated);
            case AppendOutcome.Duplicate duplicate -> throw new IllegalStateException("no producer: " + duplicate);
            case AppendOutcome.Failed failed -> assignment.failed(partition, failed.failure());
        }
    }

    /** The records that go to one partition. */
    private record Part(int partition, RecordBatch records) {}

    /** Where the records go by a plan. */
    private final class Distribution {
        private final Topic topic;
        private final ProducePlan plan;
        private final Assignment assignment;
        private final List<Part> parts;
        /** The partition of the part that is written first. */
        private final int first;

        Distribution(Topic topic, ProducePlan plan) {
            this.topic = topic;
            this.plan = plan;
            assignment = request.assign(topic, plan, new Spread(request.records(), key.id(topic.id())));
            parts = assignment.members().keySet().stream()
                    .map(partition -> new Part(partition, assignment.records(partition)))
                    .toList();
            first = isEmpty() ? Assignment.ANY_PARTITION : assignment.first();
        }

        /** Whether all records are refused. */
        boolean isEmpty() {
            return parts.isEmpty();
        }

        Part firstPart() {
            return parts.stream()
                    .filter(part -> part.partition() == first)
                    .findFirst()
                    .orElseThrow();
        }

        List<Part> others() {
            return parts.stream().filter(part -> part.partition() != first).toList();
        }

        /**
         * The first part had been written before.
         *
         * @throws IllegalStateException where it was another one
         */
        void repeated(AppendOutcome.Repeated before) {
            if (isEmpty() || topic.partitionId(first) != before.partitionId()) {
                throw new IllegalStateException("the records of a request are distributed otherwise than before");
            }
            assignment.repeated(first, before);
        }

        Map<Long, RecordBatch> byPartitionId(List<Part> some) {
            return some.stream().collect(Collectors.toMap(part -> topic.partitionId(part.partition()), Part::records));
        }

        PartitionAppend append(Part part, UUID id, OptionalLong end) {
            return new PartitionAppend(
                    topic.name(),
                    topic.partitionId(part.partition()),
                    part.records(),
                    !topic.config().logAppendTime(),
                    Optional.of(new ProduceKey(id, key.fingerprint(), plan)),
                    end);
        }
    }

    /**
     * Distributes records without a key by the idempotency key, so that a repetition distributes them alike. Goes by the bytes of
     * values alone, since headers can be added by the service. Keys that are remembered depend on it: it cannot be changed without
     * losing them.
     */
    private static final class Spread implements Assignment.Spread {
        private final RecordBatch records;
        private final UUID id;
        private int turns;
        private long bytes;

        Spread(RecordBatch records, UUID id) {
            this.records = records;
            this.id = id;
        }

        @Override
        public int next(int partitionCount, int record) {
            if (bytes >= STICKY_BYTES) {
                turns++;
                bytes = 0;
            }
            bytes += records.values().length(record);
            return (int)
                    ((Long.remainderUnsigned(id.getMostSignificantBits(), partitionCount) + turns) % partitionCount);
        }
    }
}
