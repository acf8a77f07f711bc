package io.trunkline.group;

import com.fasterxml.jackson.databind.JsonNode;
import io.trunkline.group.ChaosClient.Answered;
import io.trunkline.group.ChaosClient.Unknown;
import io.trunkline.group.ChaosRun.Phase;
import io.trunkline.group.DeliveryLedger.Sample;
import io.trunkline.group.DeliveryLedger.TopicPartition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Asks for the description of the group all the time, and writes down how far it is. */
final class GroupSampler implements Runnable {
    private static final Duration PAUSE = Duration.ofMillis(20);

    private final ChaosRun run;
    private boolean hasSeenTheGroup;

    GroupSampler(ChaosRun run) {
        this.run = run;
    }

    /**
     * What the description of a group tells.
     *
     * @param lags the lag of each partition
     */
    record Description(
            String state,
            long generation,
            List<String> members,
            Map<TopicPartition, Long> committed,
            Map<TopicPartition, Long> lags,
            long lag) {

        static Description parse(Answered answer) {
            JsonNode group = answer.json();
            Map<TopicPartition, Long> committed = new HashMap<>();
            Map<TopicPartition, Long> lags = new HashMap<>();
            for (JsonNode entry : group.path("offsets")) {
                TopicPartition partition = new TopicPartition(
                        entry.path("topic").asText(), entry.path("partition").asInt(-1));
                if (entry.path("committed_offset").isNumber()) {
                    committed.put(partition, entry.path("committed_offset").asLong());
                }
                lags.put(partition, entry.path("lag").asLong(-1));
            }
            Map<TopicPartition, String> owners = new HashMap<>();
            List<String> members = new ArrayList<>();
            for (JsonNode member : group.path("members")) {
                String name = member.path("member_id").asText();
                members.add(name);
                for (JsonNode topic : member.path("partitions")) {
                    topic.properties()
                            .forEach(numbers -> numbers.getValue()
                                    .forEach(number -> take(
                                            owners,
                                            new TopicPartition(numbers.getKey(), number.asInt()),
                                            name,
                                            answer)));
                }
            }
            if (!group.path("generation").isIntegralNumber()
                    || !group.path("lag").isIntegralNumber()) {
                throw answer.unexpected();
            }
            return new Description(
                    group.path("state").asText(),
                    group.path("generation").asLong(),
                    members,
                    committed,
                    lags,
                    group.path("lag").asLong());
        }

        private static void take(
                Map<TopicPartition, String> owners, TopicPartition partition, String member, Answered answer) {
            String other = owners.put(partition, member);
            if (other != null) {
                throw new AssertionError(partition + " is told to be of " + other + " and of " + member + ": "
                        + answer.response().body());
            }
        }
    }

    @Override
    public void run() {
        try (ChaosClient client = new ChaosClient(run)) {
            while (run.phase() != Phase.OVER) {
                sample(client);
                ChaosRun.idle(PAUSE);
            }
        }
    }

    /** The description of the group; empty when the call had no answer. */
    static Optional<Description> describe(ChaosRun run, ChaosClient client) {
        return switch (client.get("/groups/" + run.group(), "*/*")) {
            case Unknown unknown -> Optional.empty();
            case Answered answer when answer.status() == 200 -> Optional.of(Description.parse(answer));
            case Answered answer -> throw answer.unexpected();
        };
    }

    private void sample(ChaosClient client) {
        long sentAt = run.ledger().now();
        switch (client.get("/groups/" + run.group(), "*/*")) {
            case Unknown unknown -> ChaosRun.waitForTheNextTry();
            case Answered answer
            when answer.status() == 200 -> {
                hasSeenTheGroup = true;
                Description group = Description.parse(answer);
                run.ledger().sampled(new Sample(sentAt, run.ledger().now(), group.generation(), group.committed()));
            }
            case Answered answer
            when answer.is(404, "GROUP_NOT_FOUND") && !hasSeenTheGroup -> ChaosRun.waitForTheNextTry();
            case Answered answer -> throw answer.unexpected();
        }
    }
}
