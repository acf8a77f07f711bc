package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What it costs that clients must prove who they are: with an API token, and with a token of an OpenID provider. */
final class AccessScenario implements Scenario {
    private static final int CONNECTIONS = 32;
    private static final int BYTES = 100;
    private static final int MEMBERS = 64;
    private static final int PASSES_TO_WARM = 2;

    @Override
    public String name() {
        return "access";
    }

    @Override
    public String description() {
        return "The loads of produce-1 and of the " + MEMBERS
                + " members of polls, with access control. All requests of a run show the same token of an administrator: an"
                + " API token, or a bearer token of an OpenID provider (RS256, keys in a file), on one replica. None: the same"
                + " loads on a replica without access control. Both replicas take all loads " + PASSES_TO_WARM
                + " times unmeasured to get warm; a different one of the three begins each round. ofNone: the rate divided by"
                + " the rate of none in that round.";
    }

    @Override
    public void play(Stage stage) throws IOException, SQLException {
        Identity none = Identity.none();
        Identity token = Identity.apiToken(stage.postgres());
        Identity oidc = Identity.oidc(stage.directory());
        Service open = stage.service();
        Service guarded = stage.addReplica(oidc.settings());
        try {
            List<Client> clients =
                    List.of(new Client(none, open), new Client(token, guarded), new Client(oidc, guarded));
            Reading reading = PollsScenario.fill(stage, MEMBERS);
            // The JIT compiler takes longer than the usual time of warming up, for polls above all.
            for (int pass = 0; pass < PASSES_TO_WARM; pass++) {
                measureAll(stage, clients, pass, reading);
            }
            for (int round = 1; round <= stage.settings().rounds(); round++) {
                List<Loads> loads = measureAll(stage, clients, round - 1, reading);
                Loads baseline = loads.getFirst();
                for (int i = 1; i < clients.size(); i++) {
                    String name = clients.get(i).identity().name();
                    add(stage, "produce, " + name, round, loads.get(i).produce(), baseline.produce());
                    add(stage, "polls, " + name, round, loads.get(i).polls(), baseline.polls());
                }
            }
        } finally {
            stage.removeReplica(guarded);
        }
    }

    /** Who sends requests, and to whom. */
    private record Client(Identity identity, Service replica) {}

    /** What clients of one identity did. */
    private record Loads(Result produce, Result polls) {}

    private record Result(Measured measured, Map<String, Object> details) {}

    /** Measures all, in their order from one of them on, and returns what they did in their own order. */
    private static List<Loads> measureAll(Stage stage, List<Client> clients, int from, Reading reading)
            throws IOException, SQLException {
        List<Client> turns = new ArrayList<>(clients);
        Collections.rotate(turns, -from);
        List<Loads> loads = new ArrayList<>();
        for (Client client : turns) {
            Bearer bearer = client.identity().bearer();
            loads.add(new Loads(
                    produce(stage, client.replica(), bearer), poll(stage, client.replica(), bearer, reading)));
        }
        Collections.rotate(loads, from);
        return loads;
    }

    private static Result produce(Stage stage, Service replica, Bearer bearer) throws IOException, SQLException {
        String topic = stage.api().newTopic(1);
        Produce produce = Payloads.json(topic, 1, BYTES, bearer);
        Measured measured = stage.measure(new ClosedLoop(stage.client(), replica.port(), CONNECTIONS, produce));
        LogTables.Totals totals = stage.checkRecords(topic, 1, measured.meter().records());
        return new Result(measured, Map.of("recordsPerBatch", totals.recordsPerBatch()));
    }

    private static Result poll(Stage stage, Service replica, Bearer bearer, Reading reading)
            throws IOException, SQLException {
        PollsScenario.Polled polled = PollsScenario.poll(stage, replica.api(), replica.port(), bearer, reading);
        return new Result(polled.measured(), polled.details());
    }

    /** Keeps a run and its baseline, which is that of the other identity too. */
    private void add(Stage stage, String load, int round, Result with, Result without) {
        Map<String, Object> details = new HashMap<>(with.details());
        details.put(
                "ofNone",
                with.measured().meter().recordsPerSecond()
                        / without.measured().meter().recordsPerSecond());
        stage.add(with.measured().run(name(), load, round, Run.Measure.RECORDS_PER_SECOND, details));
        stage.add(without.measured()
                .baseline(name(), load, "none", round, Run.Measure.RECORDS_PER_SECOND, without.details()));
    }
}
