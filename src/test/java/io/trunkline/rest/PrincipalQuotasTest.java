package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.testing.AccessTestCase;
import io.trunkline.testing.Api;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What a principal may have: topics, partitions, consumers. */
@QuarkusTest
@TestProfile(AccessTestCase.Required.class)
class PrincipalQuotasTest extends AccessTestCase {
    @Test
    void topicsOfAPrincipalAreLimitedHoweverManyAreCreatedAtOnce() throws Exception {
        Api ann = principal(prefix + "ann", "manage topic " + prefix + "*", "write topic " + prefix + "*");
        List<CompletableFuture<Api.Answer>> created = new ArrayList<>();
        for (int i = 0; i < TOPICS + 5; i++) {
            created.add(ann.postLater("/admin/topics", Api.CONTROL, "{\"topic_name\":\"" + prefix + i + "\"}"));
        }

        List<Api.Answer> answers = created.stream().map(CompletableFuture::join).toList();

        assertThat(answers).filteredOn(answer -> answer.status() == 201).hasSize(TOPICS);
        assertThat(answers)
                .filteredOn(answer -> answer.status() != 201)
                .allSatisfy(answer -> assertFailure(answer, 429, "QUOTA_EXCEEDED"))
                .allSatisfy(answer -> assertThat(answer.header("Retry-After")).isEmpty());
        assertThat(one("SELECT count(*) FROM trunkline.topic WHERE created_by = '" + prefix + "ann'"))
                .isEqualTo(Integer.toString(TOPICS));
        // Automatic creation counts too, and others have their own quota.
        assertFailure(
                ann.post("/topics/" + prefix + "auto", Api.JSON, "{\"records\":[{\"value\":1}]}"),
                429,
                "QUOTA_EXCEEDED");
        topic("of-the-administrator", 1);
        String first = one("SELECT min(name) FROM trunkline.topic WHERE created_by = '" + prefix + "ann'");
        assertThat(ann.delete("/topics/" + first).status()).isEqualTo(204);
        ann.createTopic(prefix + "again", 1);
    }

    @Test
    void partitionsCountForWhoeverHasCreatedTheTopic() {
        Api ann = principal(prefix + "ann", "manage topic " + prefix + "*");
        ann.createTopic(prefix + "many", PARTITIONS - 1);

        assertFailure(
                ann.post("/admin/topics", Api.CONTROL, "{\"topic_name\":\"" + prefix + "two\",\"partitions_count\":2}"),
                429,
                "QUOTA_EXCEEDED");
        assertFailure(
                admin.send(
                        "PATCH",
                        "/topics/" + prefix + "many",
                        Api.CONTROL,
                        "{\"partitions_count\":" + (PARTITIONS + 1) + "}"),
                429,
                "QUOTA_EXCEEDED");
        ann.addPartitions(prefix + "many", PARTITIONS);
    }

    @Test
    void consumersOfAPrincipalAreLimitedOverAllGroups() {
        Api ann = principal(prefix + "ann", "use group " + prefix + "*");
        String last = "";
        for (int i = 0; i < CONSUMERS; i++) {
            last = ann.newConsumer(prefix + i % 3, "{}");
        }

        assertFailure(ann.post("/consumers/" + prefix + "9", Api.CONTROL, "{}"), 429, "QUOTA_EXCEEDED");
        admin.newConsumer(prefix + "9", "{}");
        assertThat(ann.delete(last).status()).isEqualTo(204);
        ann.newConsumer(prefix + "9", "{}");
    }
}
