package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.testing.AccessTestCase;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Consumers of principals with different rights, in one group and in several. */
@QuarkusTest
@TestProfile(AccessTestCase.Required.class)
class ConsumerAccessTest extends AccessTestCase {
    private static final String OPTIONS = "{\"format\":\"json\",\"auto.offset.reset\":\"earliest\"}";

    private String orders = "";
    private String salaries = "";
    private String group = "";
    private String ann = "";
    private String bob = "";

    @BeforeEach
    void makeTopics() {
        orders = topic("orders", 2);
        salaries = topic("salaries", 2);
        for (int partition = 0; partition < 2; partition++) {
            admin.writeNumbers(orders, partition, 0, 3);
            admin.writeNumbers(salaries, partition, 0, 3);
        }
        group = prefix + "group";
        ann = prefix + "ann";
        bob = prefix + "bob";
    }

    @Test
    void membersOfAGroupGetWhatTheirPrincipalsMayRead() {
        Consumer all = consumer(principal(ann, "read topic " + prefix + "*", "use group " + group));
        Consumer few = consumer(principal(bob, "read topic " + orders, "use group " + group));

        all.subscribe(orders, salaries);
        few.subscribe(orders, salaries);

        List<Integer> shared = new ArrayList<>(all.partitionsOf(orders));
        int own = few.partitionsOf(orders).size();
        shared.addAll(few.partitionsOf(orders));
        assertThat(all.partitionsOf(salaries)).containsExactly(0, 1);
        assertThat(few.partitionsOf(salaries)).isEmpty();
        assertThat(shared).containsExactlyInAnyOrder(0, 1);
        assertThat(own).isPositive();
        assertThat(few.pollUntil(3 * own))
                .hasSize(3 * own)
                .allMatch(record -> record.path("topic").asText().equals(orders));
    }

    /** Nobody who has the rights of the one takes part in what its silence brings about. */
    @Test
    void expiryLeavesToOthersOnlyWhatTheyMayRead() throws SQLException {
        Consumer silent = consumer(principal(ann, "read topic " + prefix + "*", "use group " + group));
        Consumer few = consumer(principal(bob, "read topic " + orders, "use group " + group));
        silent.subscribe(orders, salaries);
        few.subscribe(orders, salaries);
        assertThat(silent.partitionsOf(salaries)).containsExactlyInAnyOrder(0, 1);

        asOwner("UPDATE trunkline.group_member SET last_seen = last_seen - interval '1 hour' WHERE name = '"
                + silent.name() + "'");

        Awaitility.await()
                .atMost(Duration.ofMinutes(3))
                .until(() -> !admin.get("/groups/" + group).body().contains(silent.name()));
        assertThat(few.partitionsOf(orders)).containsExactlyInAnyOrder(0, 1);
        assertThat(few.partitionsOf(salaries)).isEmpty();
        assertThat(few.pollUntil(6))
                .allMatch(record -> record.path("topic").asText().equals(orders));
    }

    @Test
    void patternStandsForWhatThePrincipalMayRead() {
        Consumer few = consumer(principal(bob, "read topic " + orders, "use group " + group));

        few.subscribePattern(prefix + ".*");

        assertThat(few.subscription().path("topics").toString()).isEqualTo("[\"" + orders + "\"]");
        assertThat(few.partitionsOf(salaries)).isEmpty();
        assertThat(few.pollUntil(6))
                .allMatch(record -> record.path("topic").asText().equals(orders));
    }

    @Test
    void partitionsOfAHiddenTopicAreAssignedAsThoseOfOneThatDoesNotExist() throws SQLException {
        Consumer few = consumer(principal(bob, "use group " + group));

        few.assign(salaries, 0, 1);

        assertThat(few.poll("timeout=0")).isEmpty();
        assertThat(held(few)).isEqualTo("0");
    }

    @Test
    void groupLooksAgainWhenRulesChange() throws SQLException {
        Consumer all = consumer(principal(ann, "read topic " + prefix + "*", "use group " + group));
        Api bobs = principal(bob, "use group " + group);
        Consumer few = consumer(bobs);
        all.subscribe(orders);
        few.subscribe(orders);
        assertThat(few.partitionsOf(orders)).isEmpty();

        long rule = allow(bob, "read topic " + orders);

        assertThat(few.partitionsOf(orders)).hasSize(1);
        assertThat(all.partitionsOf(orders)).hasSize(1);

        asOwner("DELETE FROM trunkline.access_rule WHERE rule_id = " + rule);

        assertThat(all.partitionsOf(orders)).containsExactly(0, 1);
        assertThat(few.partitionsOf(orders)).isEmpty();
    }

    @Test
    void pollThatWaitsGetsWhatANewRuleShows() throws SQLException {
        Consumer few = consumer(principal(bob, "read topic " + prefix + "nothing", "use group " + group));
        few.subscribe(orders);

        CompletableFuture<Api.Answer> poll = few.pollLater("timeout=15000");
        asOwner("SELECT trunkline.add_rule('principal', '" + bob + "', 'read', 'topic', '" + orders
                + "', false, 'api', 'test')");

        Api.Answer answer = poll.orTimeout(20, TimeUnit.SECONDS).join();
        assertThat(Consumer.records(answer)).isNotEmpty();
    }

    @Test
    void pollThatWaitsEndsWhenItsLastTopicIsHidden() throws SQLException {
        allow(bob, "use group " + group);
        long rule = allow(bob, "read topic " + orders);
        Consumer few = consumer(api.as(token(bob)));
        few.subscribe(orders);
        assertThat(few.pollUntil(6)).hasSize(6);

        CompletableFuture<Api.Answer> poll = few.pollLater("timeout=15000");
        awaitWaiting();
        long start = System.nanoTime();
        asOwner("DELETE FROM trunkline.access_rule WHERE rule_id = " + rule);

        assertThat(Consumer.records(poll.join())).isEmpty();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void pollGivesNothingOfATopicThatMayNoLongerBeRead() {
        allow(bob, "use group " + group);
        allow(bob, "read topic " + salaries);
        long rule = allow(bob, "read topic " + orders);
        Consumer few = consumer(api.as(token(bob)));
        few.subscribe(orders, salaries);
        assertThat(few.pollUntil(12)).hasSize(12);
        admin.writeNumbers(orders, 0, 3, 6);
        admin.writeNumbers(salaries, 0, 3, 6);

        deny(rule);

        assertThat(few.pollUntil(3))
                .hasSize(3)
                .allMatch(record -> record.path("topic").asText().equals(salaries));
    }

    @Test
    void consumerExistsForItsPrincipalOnly() {
        Api anns = principal(ann, "read topic " + orders, "use group " + group);
        Api bobs = principal(bob, "read topic " + orders, "use group " + group);
        Consumer own = consumer(anns);
        own.subscribe(orders);
        Consumer others = new Consumer(bobs, own.path());

        List<Api.Answer> answers = List.of(
                others.pollAnswer("timeout=0"),
                others.post("/subscription", Consumer.topics(orders)),
                others.post("/assignments", Consumer.partitions(orders, 0)),
                others.post("/offsets", Consumer.offsets(Consumer.offset(orders, 0, 1))),
                others.post("/positions", Consumer.offsets(Consumer.offset(orders, 0, 1))),
                others.post("/positions/beginning", "{\"partitions\":[]}"),
                others.post("/positions/end", "{\"partitions\":[]}"),
                bobs.get(own.path() + "/subscription"),
                bobs.delete(own.path() + "/subscription"),
                bobs.delete(own.path()));

        assertThat(answers).extracting(Api.Answer::code).containsOnly("CONSUMER_NOT_FOUND");
        assertThat(answers)
                .extracting(Api.Answer::body)
                .containsOnly(
                        bobs.delete("/consumers/" + group + "/instances/nobody").body());
        assertThat(own.pollUntil(6)).hasSize(6);
        assertThat(bobs.post("/consumers/" + group, Api.CONTROL, "{\"name\":\"" + own.name() + "\"}")
                        .code())
                .isEqualTo("CONSUMER_ALREADY_EXISTS");
    }

    @Test
    void strangerWhoPollsAtOnceAfterTheOwnerGetsNothing() {
        Consumer own = consumer(principal(ann, "read topic " + orders, "use group " + group));
        Api bobs = principal(bob, "read topic " + orders, "use group " + group);
        own.subscribe(orders);
        for (int i = 0; i < 5; i++) {
            own.poll("timeout=0");
            assertThat(bobs.get(own.path() + "/records?timeout=0").code()).isEqualTo("CONSUMER_NOT_FOUND");
        }
    }

    @Test
    void otherTokenOfThePrincipalUsesTheConsumerToo() {
        Consumer own = consumer(principal(ann, "read topic " + orders, "use group " + group));
        own.subscribe(orders);

        Consumer again = new Consumer(api.as(token(ann)), own.path());

        assertThat(again.pollUntil(6)).hasSize(6);
    }

    @Test
    void rolesOfTheTokenCountForTheConsumerAndAreRenewedAtASubscription() {
        allow(ann, "use group " + group);
        Consumer plain = consumer(api.as(token(ann)));
        plain.subscribe(orders);
        assertThat(plain.partitionsOf(orders)).isEmpty();

        Consumer reading = new Consumer(api.as(token(ann, "reader")), plain.path());
        reading.subscribe(orders);

        assertThat(reading.partitionsOf(orders)).containsExactly(0, 1);
        assertThat(reading.pollUntil(6)).hasSize(6);
    }

    @Test
    void tokenWithoutTheRolesOfTheConsumerGetsNoRecords() {
        allow(ann, "use group " + group);
        Consumer reading = consumer(api.as(token(ann, "reader")));
        reading.subscribe(orders);

        Consumer plain = new Consumer(api.as(token(ann)), reading.path());

        assertThat(plain.poll("timeout=0")).isEmpty();
        assertThat(reading.pollUntil(6)).hasSize(6);
    }

    @Test
    void readerUsesTheGroupsOfItsOwnName() {
        Api anns = principal(ann, "read topic " + orders);

        Consumer own = new Consumer(anns, anns.newConsumer(ann + ".app", OPTIONS));
        own.subscribe(orders);

        assertThat(own.pollUntil(6)).hasSize(6);
        assertThat(anns.post("/consumers/" + bob + ".app", Api.CONTROL, OPTIONS).code())
                .isEqualTo("ACCESS_DENIED");
    }

    @Test
    void offsetsOfTopicsThatMayNotBeReadAreNeitherCommittedNorResetNorSought() {
        Api bobs = principal(bob, "write topic " + orders, "use group " + group);
        Consumer few = consumer(bobs);
        String seen = Consumer.offsets(Consumer.offset(orders, 0, 1));
        String hidden = Consumer.offsets(Consumer.offset(salaries, 0, 1));

        assertThat(few.post("/offsets", seen).code()).isEqualTo("ACCESS_DENIED");
        assertThat(few.post("/positions", seen).code()).isEqualTo("ACCESS_DENIED");
        assertThat(few.post("/offsets", hidden).code()).isEqualTo("TOPIC_NOT_FOUND");
        assertThat(few.post("/positions", hidden).code()).isEqualTo("TOPIC_NOT_FOUND");
        few.delete();
        assertThat(bobs.put("/groups/" + group + "/offsets", Api.CONTROL, seen).code())
                .isEqualTo("ACCESS_DENIED");
        assertThat(bobs.put("/groups/" + group + "/offsets", Api.CONTROL, hidden)
                        .code())
                .isEqualTo("TOPIC_NOT_FOUND");
        assertThat(bobs.put(
                                "/groups/" + group + "/offsets",
                                Api.CONTROL,
                                "{\"to\":\"latest\",\"topics\":[\"" + orders + "\"]}")
                        .code())
                .isEqualTo("ACCESS_DENIED");
        assertThat(admin.get("/groups/" + group).json().path("offsets")).isEmpty();
    }

    @Test
    void consumerOfNobodyIsNobodysAndGetsNothing() throws SQLException {
        Consumer own = consumer(principal(ann, "read topic " + orders, "use group " + group));
        own.subscribe(orders);

        asOwner("UPDATE trunkline.group_member SET principal = NULL WHERE name = '" + own.name() + "'");

        assertThat(own.pollAnswer("timeout=0").code()).isEqualTo("CONSUMER_NOT_FOUND");
    }

    private Consumer consumer(Api api) {
        return new Consumer(api, api.newConsumer(group, OPTIONS));
    }

    private void awaitWaiting() {
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> ops.as(administrator)
                        .get("/q/metrics")
                        .body()
                        .lines()
                        .anyMatch(line -> line.startsWith("trunkline_consumer_waiting") && line.endsWith(" 1.0")));
    }

    private static String held(Consumer consumer) throws SQLException {
        return one(
                "SELECT count(*) FROM trunkline.member_partition JOIN trunkline.group_member USING (member_id) WHERE name = '"
                        + consumer.name() + "'");
    }
}
