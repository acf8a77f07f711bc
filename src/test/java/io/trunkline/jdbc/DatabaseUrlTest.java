package io.trunkline.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.runtime.configuration.ConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseUrlTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "jdbc:postgresql://u:s3cret@db/x",
                "jdbc:postgresql://u:s3cret@db:5432/x?ssl=true",
                "jdbc:postgresql://u:s3/cret@db/x",
                "jdbc:postgresql://u:s3?cret@db/x",
                "jdbc:postgresql://db/x?password=s3cret",
                "jdbc:postgresql://db/x?ssl=true&password=s3cret",
                "jdbc:postgresql://db/x?user=s3cret",
            })
    void credentialsAreRefusedAndNotRepeated(String url) {
        assertThatThrownBy(() -> DatabaseUrl.parse(url))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("trunkline.database.password")
                .hasMessageNotContaining("cret");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "db/s3cret",
                "jdbc:mysql://db/s3cret",
                "postgresql://u:s3cret@db/x",
                "jdbc:postgresql://db:s3cret/x",
                "jdbc:postgresql://db:5432,other:s3cret/x"
            })
    void whatIsNoUrlOfAPostgresqlIsRefusedAndNotRepeated(String url) {
        assertThatThrownBy(() -> DatabaseUrl.parse(url))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("trunkline.database.url")
                .hasMessageNotContaining("s3cret");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jdbc:postgresql://db/x",
                "jdbc:postgresql://db:5432/x?sslmode=verify-full",
                "jdbc:postgresql://[::1]:5432,db-2/x",
                "jdbc:postgresql:x"
            })
    void urlOfAPostgresqlIsTaken(String url) {
        assertThat(DatabaseUrl.parse(url).value()).isEqualTo(url);
    }

    @Test
    void parametersAreKeptAndNotShown() {
        DatabaseUrl url = DatabaseUrl.parse("jdbc:postgresql://a:1,b:2/x?targetServerType=primary&sslpassword=s3cret");

        assertThat(url.value()).endsWith("sslpassword=s3cret");
        assertThat(url).hasToString("jdbc:postgresql://a:1,b:2/x");
        assertThat(url.shownIn("failed: " + url.value() + "!")).isEqualTo("failed: jdbc:postgresql://a:1,b:2/x!");
    }
}
