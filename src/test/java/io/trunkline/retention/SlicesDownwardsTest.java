package io.trunkline.retention;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.testing.Api;
import io.trunkline.testing.TestDatabase;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Fetches whose offsets go down through several slices. */
@QuarkusTest
@TestProfile(RetentionTestCase.OwnDatabase.class)
class SlicesDownwardsTest extends RetentionTestCase {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 100})
    void everyRecordOfEverySliceIsGivenOnce(int maxRecords) throws Exception {
        String topic = topic("retention.ms", -1);
        for (int day = 0; day < 4; day++) {
            writeTogether(topic, record(now, "a" + day), record(now, "b" + day));
            write(topic, now, "c" + day);
            pass(DAY.multipliedBy(2));
        }
        assertThat(slices(topic)).hasSizeGreaterThanOrEqualTo(4);

        List<String> values = new ArrayList<>();
        String next = records(topic) + "?order=desc&max_records=" + maxRecords;
        while (!next.isEmpty()) {
            Api.Answer page = api.get(next, Api.TEXT);
            for (JsonNode record : page.json()) {
                values.add(record.path("value").asText());
            }
            String link = page.header("Link");
            next = link.isEmpty() ? "" : link.substring(1, link.indexOf('>'));
        }

        assertThat(values).containsExactly("c3", "b3", "a3", "c2", "b2", "a2", "c1", "b1", "a1", "c0", "b0", "a0");
    }

    @Test
    void aFilterLooksThroughEverySlice() throws Exception {
        String topic = topic("retention.ms", -1);
        write(topic, now, "first");
        for (int day = 0; day < 3; day++) {
            pass(DAY.multipliedBy(2));
            write(topic, now, "other");
        }

        Api.Answer down = api.get(records(topic) + "?order=desc&filter=exists(value)", Api.TEXT);
        Api.Answer up = api.get(records(topic) + "?filter=exists(value)", Api.TEXT);

        // None of the texts is JSON.
        assertThat(down.json()).isEmpty();
        assertThat(down.header("Trunkline-Passed-Records")).isEqualTo("4");
        assertThat(down.header("Trunkline-Next-Offset")).isEmpty();
        assertThat(up.header("Trunkline-Passed-Records")).isEqualTo("4");
        assertThat(up.header("Trunkline-Next-Offset")).isEqualTo("4");
    }

    /** Retention drops a slice between the look at the range of a partition and the end of the reading. */
    @Test
    void whatLiesAboveASliceThatIsDroppedMeanwhileIsGiven() throws Exception {
        String topic = topic("retention.ms", -1);
        for (int day = 0; day < 3; day++) {
            write(topic, now, "day" + day);
            pass(DAY.multipliedBy(2));
        }
        String table = "trunkline.log_batch_" + slices(topic).get(1);
        Api.Answer page;
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            statement.execute("ALTER TABLE " + table + " RENAME TO dropped_meanwhile");
            try {
                page = api.get(records(topic) + "?order=desc&offset=2", Api.TEXT);
            } finally {
                statement.execute(
                        "ALTER TABLE trunkline.dropped_meanwhile RENAME TO " + table.substring(table.indexOf('.') + 1));
            }
        }

        assertThat(page.status()).as(page.body()).isEqualTo(200);
        assertThat(page.json().findValuesAsText("value")).containsExactly("day2");
        assertThat(page.header("Trunkline-Next-Offset")).isEqualTo("1");
    }
}
