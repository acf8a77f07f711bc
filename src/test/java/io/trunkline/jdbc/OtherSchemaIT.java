package io.trunkline.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The packaged application with its log in a schema of another name, in a database that another installation uses. */
class OtherSchemaIT {
    @TempDir
    Path directory = Path.of("");

    private final TestDatabase database = TestDatabase.inASharedServer();
    private Map<String, String> settings = Map.of();

    @BeforeEach
    void startDatabase() {
        settings = database.start();
    }

    @AfterEach
    void stopDatabase() {
        database.stop();
    }

    @Test
    void installationsInOneDatabaseServeTopicsAndGroupsOfTheirOwn() {
        try (ServiceProcess one = ServiceProcess.launch(directory, settings);
                ServiceProcess two = ServiceProcess.launch(directory, in("events"))) {
            one.awaitReady();
            two.awaitReady();

            for (ServiceProcess each : new ServiceProcess[] {one, two}) {
                Api api = each.api();
                api.createTopic("t", 1);
                api.writeNumbers("t", 0, 0, each == one ? 1 : 3);
                String consumer = api.newConsumer("g", "{\"format\":\"json\",\"auto.offset.reset\":\"earliest\"}");
                api.post(consumer + "/subscription", Api.CONTROL, "{\"topics\":[\"t\"]}");
                assertThat(api.get(consumer + "/records?timeout=20000", Api.JSON)
                                .json())
                        .hasSize(each == one ? 1 : 3);
                assertThat(api.post(consumer + "/offsets", Api.CONTROL, "").status())
                        .isEqualTo(204);
                assertThat(api.get("/groups/g").status()).isEqualTo(200);
                assertThat(api.get("/topics/t?include=sizes").status()).isEqualTo(200);
            }
            assertThat(two.api()
                            .delete("/topics/t/partitions/0/records?before=2")
                            .status())
                    .isEqualTo(200);
            assertThat(two.api().readAll("t", 0, 2, Api.JSON)).hasSize(1);
            assertThat(one.api().readAll("t", 0, 0, Api.JSON)).hasSize(1);
            assertThat(two.api().delete("/topics/t").status()).isEqualTo(204);
            assertThat(one.api().get("/topics/t").status()).isEqualTo(200);
            assertThat(two.output()).doesNotContain("ERROR").doesNotContain("WARN  [io.trunkline");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"public", "Events"})
    void nameThatCannotBeUsedEndsTheStart(String schema) {
        try (ServiceProcess service = ServiceProcess.launch(directory, in(schema), "migrate")) {
            assertThat(service.awaitEnd()).isEqualTo(78);
            assertThat(service.output())
                    .contains("trunkline.database.schema")
                    .contains(schema.equals("public") ? "choose another name" : DatabaseConfig.SCHEMA_NAME)
                    .doesNotContain("\tat ");
        }
    }

    private Map<String, String> in(String schema) {
        Map<String, String> changed = new HashMap<>(settings);
        changed.put("trunkline.database.schema", schema);
        return changed;
    }
}
