package io.trunkline.topic;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import org.junit.jupiter.api.Test;

/** Functions of the database read topic configurations by themselves, and must know the same defaults. */
@QuarkusTest
class TopicDefaultsTest extends ServiceTestCase {
    @Test
    void defaultsInSqlAreThoseInJava() throws Exception {
        try (Connection application = TestDatabase.asApplication();
                PreparedStatement setting =
                        application.prepareStatement("SELECT trunkline.topic_setting('{\"set\":\"value\"}', ?)")) {
            for (TopicConfigKey key : TopicConfigKey.values()) {
                setting.setString(1, key.configName());
                try (ResultSet row = setting.executeQuery()) {
                    row.next();
                    assertThat(row.getString(1))
                            .as(key.configName())
                            .isEqualTo(key.defaultValue().orElse(null));
                }
            }
            setting.setString(1, "set");
            try (ResultSet row = setting.executeQuery()) {
                row.next();
                assertThat(row.getString(1)).isEqualTo("value");
            }
        }
    }
}
