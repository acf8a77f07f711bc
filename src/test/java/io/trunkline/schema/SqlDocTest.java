package io.trunkline.schema;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The examples of docs/sql.md, as they stand there and in their order, on a log that has what they name. */
@QuarkusTest
class SqlDocTest extends OtherDatabaseTestCase {
    private static final Pattern EXAMPLE = Pattern.compile("```sql\n(.*?)```", Pattern.DOTALL);
    private static final int EXAMPLES = 7;

    @BeforeEach
    void makeWhatExamplesName() throws SQLException {
        Migrations.migrate(settings("trunkline"));
        asOwner(
                "SELECT trunkline.create_topic(name, 1) FROM unnest('{earthquakes,orders,payments,order-changes}'::text[]) AS name");
        asOwner("CREATE TABLE orders (id int PRIMARY KEY, total numeric NOT NULL)");
        asOwner("CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL)");
        asOwner("INSERT INTO customer VALUES (1, 'Ann'), (2, 'Bob')");
        asOwner("SELECT trunkline.produce('earthquakes', 'key-' || i % 3, '{\"properties\": {\"place\": \"here\"}}')"
                + " FROM generate_series(1, 250) AS i");
        asOwner("SELECT trunkline.produce('payments', '1', json_build_object('amount', i)::text)"
                + " FROM generate_series(1, 3) AS i");
    }

    @Test
    void examplesRunAsTheyStand() throws IOException, SQLException {
        List<String> examples = EXAMPLE.matcher(Files.readString(Path.of("docs/sql.md")))
                .results()
                .map(example -> example.group(1))
                .toList();
        assertThat(examples).hasSize(EXAMPLES);

        for (String example : examples) {
            try (Connection owner = TestDatabase.asOwner(DATABASE);
                    Statement statement = owner.createStatement()) {
                boolean rows = statement.execute(example);
                while (rows || statement.getUpdateCount() >= 0) {
                    rows = statement.getMoreResults();
                }
            }
        }

        assertThat(one("SELECT count(*) FROM trunkline.outbox WHERE topic = 'order-changes'"))
                .isEqualTo(3);
        assertThat(one("SELECT count(*) FROM trunkline.outbox WHERE topic = 'orders'"))
                .isEqualTo(1);
        assertThat(one("SELECT count(*) FROM trunkline.record WHERE topic = 'orders'"))
                .isEqualTo(1);
        assertThat(one("SELECT min(\"offset\") FROM trunkline.record WHERE topic = 'earthquakes'"))
                .isEqualTo(100);
    }
}
