package io.trunkline.group;

import com.fasterxml.jackson.databind.JsonNode;
import io.trunkline.group.ChaosClient.Answered;
import io.trunkline.group.ChaosClient.Unknown;
import io.trunkline.group.ChaosRun.Phase;
import io.trunkline.group.DeliveryLedger.Acknowledgement;
import io.trunkline.group.DeliveryLedger.TopicPartition;
import io.trunkline.testing.Api;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Writes records of unique values until the chaos ends. What is not acknowledged is written again, so that it may be in
 * the log twice: the log is what tells.
 */
final class ChaosProducer implements Runnable {
    private static final int MAX_BATCH = 40;
    private static final int KEYS = 60;
    private static final int MAX_PADDING = 120;
    private static final int MAX_PAUSE_MILLIS = 60;

    private final ChaosRun run;
    private final int number;
    private final Random random;
    private long sequence;

    private record Item(String key, String value) {
        String json() {
            return "{\"key\":\"" + key + "\",\"value\":\"" + value + "\"}";
        }
    }

    ChaosProducer(ChaosRun run, int number, long seed) {
        this.run = run;
        this.number = number;
        random = new Random(seed * 37 + number);
    }

    @Override
    public void run() {
        List<String> topics = run.topics().keySet().stream().sorted().toList();
        try (ChaosClient client = new ChaosClient(run)) {
            while (run.phase() == Phase.CHAOS) {
                String topic = topics.get(random.nextInt(topics.size()));
                List<Item> batch = new ArrayList<>();
                for (int i = random.nextInt(MAX_BATCH); i >= 0; i--) {
                    String value = "p" + number + ":" + sequence++ + ":" + "x".repeat(random.nextInt(MAX_PADDING));
                    batch.add(new Item("p" + number + "-k" + random.nextInt(KEYS), value));
                }
                write(client, topic, batch);
                ChaosRun.idle(Duration.ofMillis(random.nextInt(MAX_PAUSE_MILLIS)));
            }
        }
    }

    private void write(ChaosClient client, String topic, List<Item> batch) {
        List<Item> left = batch;
        while (!left.isEmpty() && run.phase() == Phase.CHAOS) {
            String body = "{\"records\":["
                    + String.join(",", left.stream().map(Item::json).toList()) + "]}";
            switch (client.post("/topics/" + topic, Api.TEXT, body)) {
                case Unknown unknown -> ChaosRun.waitForTheNextTry();
                case Answered answer when answer.status() == 200 -> left = notWritten(topic, left, answer);
                case Answered answer -> throw answer.unexpected();
            }
        }
    }

    /** Notes what was acknowledged, and answers what is to be written again. */
    private List<Item> notWritten(String topic, List<Item> sent, Answered answer) {
        JsonNode results = answer.json().path("offsets");
        if (results.size() != sent.size()) {
            throw answer.unexpected();
        }
        List<Item> left = new ArrayList<>();
        for (int i = 0; i < sent.size(); i++) {
            JsonNode result = results.path(i);
            if (result.has("offset")) {
                run.ledger()
                        .acknowledged(new Acknowledgement(
                                new TopicPartition(
                                        topic, result.path("partition").asInt(-1)),
                                result.path("offset").asLong(-1),
                                sent.get(i).value()));
            } else if (result.path("error_code").asInt() == 503) {
                left.add(sent.get(i));
            } else {
                throw answer.unexpected();
            }
        }
        return left;
    }
}
