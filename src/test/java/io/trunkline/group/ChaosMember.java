package io.trunkline.group;

import com.fasterxml.jackson.databind.JsonNode;
import io.trunkline.group.ChaosClient.Answered;
import io.trunkline.group.ChaosClient.Outcome;
import io.trunkline.group.ChaosClient.Unknown;
import io.trunkline.group.ChaosRun.Event;
import io.trunkline.group.ChaosRun.Phase;
import io.trunkline.group.DeliveryLedger.BodyCommit;
import io.trunkline.group.DeliveryLedger.Delivery;
import io.trunkline.group.DeliveryLedger.TopicPartition;
import io.trunkline.testing.Api;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A member of the group, from joining to its end. It writes everything that it receives into the ledger before it commits
 * it, and takes no answer but those that may come: anything else is an {@link AssertionError}.
 */
final class ChaosMember implements AutoCloseable {
    private static final int COMMIT_TRIES = 10;
    private static final int LEAVE_TRIES = 40;

    /** How a member commits. */
    enum Commits {
        /** The service does, at the next poll. */
        AUTO,
        /** By naming the offsets after those received. */
        OFFSETS,
        /** Without a body: what was delivered. */
        POSITIONS
    }

    private final ChaosRun run;
    private final ChaosClient client;
    private final DeliveryLedger ledger;
    private final String name;
    private final String path;
    private final Commits commits;

    /** The offset after the highest one received of each partition; what is below was received or committed before. */
    private final Map<TopicPartition, Received> received = new HashMap<>();

    /** What of that is to be committed by name. */
    private final Map<TopicPartition, Received> uncommitted = new HashMap<>();

    /** Whether something was received since the last commit without a body. */
    private boolean hasUncommittedPositions;

    private record Received(long next, long generation) {}

    ChaosMember(ChaosRun run, String name, Commits commits) {
        this.run = run;
        this.name = name;
        this.commits = commits;
        client = new ChaosClient(run);
        ledger = run.ledger();
        path = "/consumers/" + run.group() + "/instances/" + name;
    }

    String name() {
        return name;
    }

    Commits commits() {
        return commits;
    }

    /** Creates the consumer and subscribes it; answers false where it is none, or nobody knows. */
    boolean join(boolean byPattern) {
        Outcome created = client.post(
                "/consumers/" + run.group(),
                Api.CONTROL,
                "{\"name\":\"" + name
                        + "\",\"format\":\"text\",\"auto.offset.reset\":\"earliest\",\"enable.auto.commit\":"
                        + (commits == Commits.AUTO) + "}");
        if (!(created instanceof Answered answer)) {
            return false;
        }
        if (answer.status() != 200
                || !answer.json().path("instance_id").asText().equals(name)
                || !answer.json().path("base_uri").asText().equals(run.url() + path)) {
            throw answer.unexpected();
        }
        return subscribe(byPattern);
    }

    private boolean subscribe(boolean byPattern) {
        List<String> topics = run.topics().keySet().stream().sorted().toList();
        String body = byPattern
                ? "{\"topic_pattern\":\"" + String.join("|", topics) + "\"}"
                : "{\"topics\":[\"" + String.join("\",\"", topics) + "\"]}";
        while (run.phase().compareTo(Phase.LEAVE) < 0) {
            switch (client.post(path + "/subscription", Api.CONTROL, body)) {
                case Unknown unknown -> ChaosRun.waitForTheNextTry();
                case Answered answer
                when answer.status() == 204 -> {
                    run.happened(Event.MEMBER_JOINED, name + " " + commits);
                    return true;
                }
                case Answered answer -> {
                    return isGone(answer);
                }
            }
        }
        return false;
    }

    /** Polls and writes down what came; answers false when the member has been removed. */
    boolean poll(Duration timeout, int maxBytes) {
        return switch (client.get(pollPath(timeout, maxBytes), Api.TEXT)) {
            case Unknown unknown -> {
                ChaosRun.waitForTheNextTry();
                yield true;
            }
            case Answered answer
            when answer.status() == 200 -> {
                receive(answer);
                yield true;
            }
            case Answered answer -> isGone(answer);
        };
    }

    /** Commits what was received and is not committed, in the member's own way; answers false when it has been removed. */
    boolean commit() {
        return switch (commits) {
            case AUTO -> true;
            case POSITIONS -> commitPositions();
            case OFFSETS -> commitOffsets();
        };
    }

    /** Is removed from the group as it asks for. */
    void leave() {
        for (int i = 0; i < LEAVE_TRIES; i++) {
            switch (client.delete(path)) {
                case Unknown unknown -> ChaosRun.waitForTheNextTry();
                case Answered answer
                when answer.status() == 204 -> {
                    run.happened(Event.MEMBER_LEFT, name);
                    return;
                }
                case Answered answer -> {
                    isGone(answer);
                    return;
                }
            }
        }
    }

    /** Is killed between two calls. */
    void die() {
        run.happened(Event.MEMBER_KILLED, name);
        client.close();
    }

    /** Is killed while a poll is under way, of whose answer nothing is looked at. */
    void dieInAPoll(Duration after, int maxBytes) {
        client.getAndLeave(pollPath(Duration.ofSeconds(1), maxBytes), Api.TEXT, after);
        run.happened(Event.MEMBER_KILLED_IN_A_POLL, name);
    }

    @Override
    public void close() {
        client.close();
    }

    private String pollPath(Duration timeout, int maxBytes) {
        return path + "/records?timeout=" + timeout.toMillis() + "&max_bytes=" + maxBytes;
    }

    private void receive(Answered answer) {
        String told = answer.header("Trunkline-Generation");
        if (!told.matches("[0-9]{1,18}") || !answer.header("Content-Type").startsWith(Api.TEXT)) {
            throw new AssertionError(answer.call() + " was answered with the headers "
                    + answer.response().headers());
        }
        long generation = Long.parseLong(told);
        List<Delivery> deliveries = new ArrayList<>();
        for (JsonNode entry : answer.json()) {
            deliveries.add(new Delivery(
                    ledger.now(),
                    name,
                    generation,
                    new TopicPartition(
                            entry.path("topic").asText(),
                            entry.path("partition").asInt(-1)),
                    entry.path("offset").asLong(-1),
                    entry.path("value").asText()));
        }
        ledger.delivered(deliveries);
        for (Delivery delivery : deliveries) {
            Received after = new Received(delivery.offset() + 1, generation);
            uncommitted.put(
                    delivery.partition(),
                    received.merge(delivery.partition(), after, (a, b) -> a.next > b.next ? a : b));
        }
        hasUncommittedPositions |= !deliveries.isEmpty();
    }

    private boolean commitPositions() {
        for (int i = 0; i < COMMIT_TRIES && hasUncommittedPositions; i++) {
            switch (client.post(path + "/offsets", Api.CONTROL, "")) {
                case Unknown unknown -> ChaosRun.waitForTheNextTry();
                case Answered answer when answer.status() == 204 -> hasUncommittedPositions = false;
                case Answered answer -> {
                    return isGone(answer);
                }
            }
        }
        return true;
    }

    private boolean commitOffsets() {
        for (int i = 0; i < COMMIT_TRIES && !uncommitted.isEmpty(); i++) {
            Map<TopicPartition, Received> sent = Map.copyOf(uncommitted);
            switch (commitOffsets(sent)) {
                case Unknown unknown -> ChaosRun.waitForTheNextTry();
                case Answered answer when answer.status() == 204 -> uncommitted.clear();
                case Answered answer
                when answer.is(409, "COMMIT_FENCED") -> {
                    run.happened(Event.COMMIT_WAS_FENCED, name + " " + sent.keySet());
                    return commitOneByOne();
                }
                case Answered answer -> {
                    return isGone(answer);
                }
            }
        }
        return true;
    }

    /** After a fence, which does not tell what is not assigned any more: commits the others, and forgets that. */
    private boolean commitOneByOne() {
        for (TopicPartition partition : List.copyOf(uncommitted.keySet())) {
            Received one = uncommitted.get(partition);
            switch (one == null ? new Unknown("") : commitOffsets(Map.of(partition, one))) {
                case Unknown unknown -> ChaosRun.waitForTheNextTry();
                case Answered answer when answer.status() == 204 -> uncommitted.remove(partition);
                case Answered answer
                when answer.is(409, "COMMIT_FENCED") -> {
                    uncommitted.remove(partition);
                    received.remove(partition);
                }
                case Answered answer -> {
                    return isGone(answer);
                }
            }
        }
        return true;
    }

    private Outcome commitOffsets(Map<TopicPartition, Received> offsets) {
        List<String> entries = new ArrayList<>();
        offsets.forEach((partition, next) -> entries.add("{\"topic\":\"" + partition.topic() + "\",\"partition\":"
                + partition.partition() + ",\"offset\":" + next.next + "}"));
        long sentAt = ledger.now();
        Outcome outcome =
                client.post(path + "/offsets", Api.CONTROL, "{\"offsets\":[" + String.join(",", entries) + "]}");
        boolean refused = outcome instanceof Answered answer && answer.status() != 204;
        if (!refused) {
            offsets.forEach((partition, next) -> ledger.committed(new BodyCommit(
                    sentAt, ledger.now(), outcome instanceof Answered, name, next.generation, partition, next.next)));
        }
        return outcome;
    }

    /** Always false: the member has been removed, or the answer is none that may come. */
    private boolean isGone(Answered answer) {
        if (!answer.is(404, "CONSUMER_NOT_FOUND")) {
            throw answer.unexpected();
        }
        run.happened(Event.MEMBER_WAS_EXPIRED, name);
        return false;
    }
}
