package io.trunkline.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Command lines as people write them. */
class SyntaxTest {
    private static final Syntax SYNTAX = new Syntax(
            "thing make",
            "Makes a thing",
            Optional.of("ID"),
            List.of(
                    Option.once("name", "NAME", "what it is called"),
                    Option.any("tag", "TAG", "a tag"),
                    Option.atMostOnce("size", "SIZE", "how large it is"),
                    Option.flag("json", "as JSON")));

    @Test
    void optionsAndTheArgumentAreTakenInAnyOrder() {
        Arguments given = SYNTAX.parse(List.of("--tag", "a", "--name=n=m", "7", "--json", "--tag=b", "--size", "-1"));

        assertThat(given.one("name")).isEqualTo("n=m");
        assertThat(given.all("tag")).containsExactly("a", "b");
        assertThat(given.maybe("size")).hasValue("-1");
        assertThat(given.has("json")).isTrue();
        assertThat(given.operand()).hasValue("7");
    }

    @Test
    void whatIsNotGivenIsNotThere() {
        Arguments given = SYNTAX.parse(List.of("--name", "n", "--", "--7"));

        assertThat(given.maybe("size")).isEmpty();
        assertThat(given.all("tag")).isEmpty();
        assertThat(given.has("json")).isFalse();
        assertThat(given.operand()).hasValue("--7");
    }

    @ParameterizedTest
    @CsvSource({
        "--name n 7 --colour red, Unknown option: --colour",
        "--name n 7 -n, Unknown option: -n",
        "--name n 7 8, Unknown argument: 8",
        "--name n, ID is missing",
        "7, --name NAME is missing: what it is called",
        "--name n --name m 7, --name is given twice",
        "--name n 7 --json=yes, --json takes no value",
        "7 --name, --name needs a value: what it is called",
        "7 --name --json, --name needs a value: what it is called",
    })
    void whatIsWrongIsNamedWithWhatThereIs(String line, String message) {
        assertThatThrownBy(() -> SYNTAX.parse(List.of(line.split(" "))))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining(message)
                .hasMessageContaining("ID, --name NAME, --tag TAG, --size SIZE, --json");
    }

    @Test
    void helpShowsUsageAndMeanings() {
        assertThat(SYNTAX.help()).isEqualTo("""
                Usage: thing make ID --name NAME [--tag TAG ...] [--size SIZE] [--json]

                Makes a thing.

                  --name NAME  what it is called
                  --tag TAG    a tag
                  --size SIZE  how large it is
                  --json       as JSON
                """);
    }

    @ParameterizedTest
    @CsvSource({"90d, PT2160H", "12h, PT12H", "30m, PT30M", "3653d, PT87672H"})
    void lifetimesAreRead(String text, String duration) {
        assertThat(Lifetime.parse(text))
                .hasValueSatisfying(lifetime -> assertThat(lifetime).hasToString(duration));
        assertThat(Lifetime.parse("never")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"''", "0d", "90", "d", "1.5h", "-1d", "3654d", "999999h", "1000000m", "90 d", "Never", "P1D"})
    void otherLifetimesAreRefused(String text) {
        assertThatThrownBy(() -> Lifetime.parse(text))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("90d, 12h or 30m, or never");
    }

    @Test
    void tablesObeyNoText() {
        TextTable table = new TextTable("ID", "TEXT");
        table.add("1", "red\u001b[31m\nnext\u202e");
        table.add("1000", "");

        assertThat(table).hasToString("ID    TEXT\n1     red?[31m?next?\n1000");
    }
}
