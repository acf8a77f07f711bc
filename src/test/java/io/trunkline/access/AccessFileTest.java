package io.trunkline.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.runtime.configuration.ConfigurationException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a file of roles and rules may hold. */
class AccessFileTest {
    private static final Pattern EXAMPLE = Pattern.compile("```yaml\n(# access\\.yaml\n.*?)```", Pattern.DOTALL);

    @TempDir
    Path directory = Path.of("");

    @Test
    void exampleOfTheDocumentationIsRead() throws IOException {
        Matcher example = EXAMPLE.matcher(Files.readString(Path.of("docs/security.md")));
        assertThat(example.find()).isTrue();

        AccessFile file = read(example.group(1));

        assertThat(file.roles())
                .containsExactlyInAnyOrder(
                        new AccessFile.PrincipalRole("alice", "admin"),
                        new AccessFile.PrincipalRole("billing", "auditor"),
                        new AccessFile.PrincipalRole("billing", "reader"));
        Subject orders = new Subject.OfPrincipal("orders");
        assertThat(file.rules())
                .containsExactlyInAnyOrder(
                        rule(orders, Right.READ, Resource.TOPIC, "orders.*"),
                        rule(orders, Right.WRITE, Resource.TOPIC, "orders.*"),
                        rule(orders, Right.READ, Resource.TOPIC, "invoices"),
                        rule(orders, Right.WRITE, Resource.TOPIC, "invoices"),
                        rule(new Subject.OfRole("auditor"), Right.USE, Resource.GROUP, "audit-*"));
    }

    @Test
    void emptyFileHoldsNothing() {
        assertThat(Stream.of("", "# nothing\n", "{}", "principals: []\nrules: []\n"))
                .allSatisfy(text -> assertThat(read(text).roles()).isEmpty())
                .allSatisfy(text -> assertThat(read(text).rules()).isEmpty());
    }

    @Test
    void anchorsAreTakenAndBounded() {
        String rule = "  - {role: b, rights: read, topics: *names}\n";
        String first = "rules:\n  - {role: a, rights: read, topics: &names [x, y*]}\n";

        assertThat(read(first + rule).rules()).hasSize(4);
        assertThatThrownBy(() -> read(first + rule.repeat(60)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("aliases");
    }

    static Stream<Arguments> wrongFiles() {
        String rule = "rules:\n  - role: r\n";
        return Stream.of(
                Arguments.of("rules: [", 1, "not YAML"),
                Arguments.of("- a\n", 1, "principals, rules"),
                Arguments.of("principals: []\nroles: []\n", 2, "unknown key roles, expected one of principals, rules"),
                Arguments.of("rules: []\nrules: []\n", 2, "twice"),
                Arguments.of("principals:\n  alice: admin\n", 2, "a list of principals"),
                Arguments.of("principals:\n  - name: alice\n", 2, "a name and roles"),
                Arguments.of("principals:\n  - {name: '', roles: [a]}\n", 2, "the name of a principal"),
                Arguments.of("principals:\n  - name: a\n    roles:\n      - b c\n", 4, "the name of a role"),
                Arguments.of("principals:\n  - name: a\n    password: b\n", 3, "unknown key password"),
                Arguments.of("rules:\n  - {rights: read, topics: t}\n", 2, "one principal or one role"),
                Arguments.of("rules:\n  - {principal: p, role: r, rights: read, topics: t}\n", 2, "one principal or"),
                Arguments.of(rule + "    rights: read\n", 2, "either topics or groups"),
                Arguments.of(rule + "    rights: manage\n    topics: t\n    groups: g\n", 2, "either topics or"),
                Arguments.of(rule + "    rights: [use]\n    topics: t\n", 3, "read, write and manage"),
                Arguments.of(rule + "    rights: [read]\n    groups: g\n", 3, "use and manage"),
                Arguments.of(rule + "    rights: read\n    topics:\n      - ''\n", 5, "1 to 255"),
                Arguments.of(rule + "    rights: read\n    topics: {a: b}\n", 4, "a name or a list of names"),
                Arguments.of("rules: !!javax.script.ScriptEngineManager {}\n", 1, "tag is not allowed"),
                Arguments.of("a: &a\n  b: *a\n", 1, "unknown key a"));
    }

    @ParameterizedTest
    @MethodSource("wrongFiles")
    void whatIsWrongIsNamedWithItsLine(String text, int line, String reason) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("access.yaml, line " + line + ": ")
                .hasMessageContaining(reason)
                .hasMessageContaining("nothing was changed");
    }

    @Test
    void largeFilesAreRefused() {
        String roles = IntStream.rangeClosed(0, 10_000).mapToObj(i -> "r" + i).collect(Collectors.joining(", "));

        assertThatThrownBy(() -> read("principals: [{name: a, roles: [" + roles + "]}]"))
                .hasMessageContaining("at most 10,000 roles of principals");
        assertThatThrownBy(() -> read("#".repeat((1 << 20) + 1))).hasMessageContaining("larger than 1 MiB");
        assertThatThrownBy(() -> read("a: " + "[".repeat(100))).isInstanceOf(ConfigurationException.class);
    }

    @Test
    void whatCannotBeReadIsRefused() throws IOException {
        Path latin = Files.write(directory.resolve("latin.yaml"), "# ä".getBytes(StandardCharsets.ISO_8859_1));

        assertThatThrownBy(() -> AccessFile.read(directory.resolve("none.yaml")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("none.yaml");
        assertThatThrownBy(() -> AccessFile.read(latin)).hasMessageContaining("is not UTF-8");
    }

    private AccessFile read(String text) {
        try {
            return AccessFile.read(Files.writeString(directory.resolve("access.yaml"), text));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Rule rule(Subject subject, Right right, Resource resource, String name) {
        return new Rule(subject, right, resource, NamePattern.parse(name));
    }
}
