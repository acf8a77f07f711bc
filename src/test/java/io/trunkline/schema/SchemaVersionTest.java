package io.trunkline.schema;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Holds the rule that a changed file of functions comes with a versioned migration: Flyway would otherwise let a replica of the
 * version before run its own functions again, over those of this version.
 */
class SchemaVersionTest {
    private static final Path MIGRATIONS = Path.of("src/main/resources/db/migration");
    /** One line a migration of a release: the release, the file, its SHA-256. Releases are in order. */
    private static final Path RELEASED = Path.of("src/test/resources/released.txt");

    /** A migration as it was released. */
    private record Released(String release, String file, String sha256) {
        static Released parse(String line) {
            String[] words = line.split(" ");
            return new Released(words[0], words[1], words[2]);
        }
    }

    @Test
    void migrationsFollowTheRule() throws Exception {
        String release = System.getProperty("schema.release");
        if (release != null) {
            List<String> lines = new ArrayList<>(Files.readAllLines(RELEASED));
            current().forEach((file, sha256) -> lines.add(release + " " + file + " " + sha256));
            Files.write(RELEASED, lines);
        }
        List<Released> released = Files.readAllLines(RELEASED).stream()
                .filter(line -> !line.startsWith("#"))
                .map(Released::parse)
                .toList();

        assertThat(violations(released, current())).isEmpty();
    }

    @Test
    void anythingMayChangeBeforeTheFirstRelease() {
        assertThat(violations(List.of(), Map.of("V1__a.sql", "x", "R__a.sql", "x")))
                .isEmpty();
    }

    @Test
    void releasedVersionedMigrationNeverChanges() {
        List<Released> released = List.of(new Released("0.1.0", "V1__a.sql", "old"));

        assertThat(violations(released, Map.of("V1__a.sql", "old", "V2__b.sql", "x")))
                .isEmpty();
        assertThat(violations(released, Map.of("V1__a.sql", "new", "V2__b.sql", "x")))
                .singleElement()
                .asString()
                .contains("V1__a.sql");
        assertThat(violations(released, Map.of("V2__b.sql", "x"))).hasSize(1);
    }

    @Test
    void changedFunctionsComeWithAVersion() {
        List<Released> released = List.of(
                new Released("0.1.0", "V1__a.sql", "x"),
                new Released("0.1.0", "R__a.sql", "first"),
                new Released("0.2.0", "V1__a.sql", "x"),
                new Released("0.2.0", "V2__b.sql", "x"),
                new Released("0.2.0", "R__a.sql", "second"));
        Map<String, String> versions = Map.of("V1__a.sql", "x", "V2__b.sql", "x");

        assertThat(violations(released, and(versions, "R__a.sql", "second"))).isEmpty();
        for (Map<String, String> changed : List.of(
                and(versions, "R__a.sql", "third"),
                and(and(versions, "R__a.sql", "second"), "R__b.sql", "new"),
                versions)) {
            assertThat(violations(released, changed)).singleElement().asString().contains("0.2.0");
            assertThat(violations(released, and(changed, "V3__c.sql", "x"))).isEmpty();
        }
    }

    private static List<String> violations(List<Released> released, Map<String, String> current) {
        List<String> violations = new ArrayList<>();
        for (Released migration : released) {
            if (migration.file().startsWith("V") && !migration.sha256().equals(current.get(migration.file()))) {
                violations.add(migration.file() + " was released with " + migration.release() + " and never changes");
            }
        }
        if (!released.isEmpty()) {
            String last = released.getLast().release();
            Map<String, String> before = new TreeMap<>();
            released.stream()
                    .filter(migration -> migration.release().equals(last))
                    .forEach(migration -> before.put(migration.file(), migration.sha256()));
            if (!functions(before).equals(functions(current)) && before.keySet().containsAll(versioned(current))) {
                violations.add("functions have changed since " + last + " without a new version: add a V file");
            }
        }
        return violations;
    }

    private static Map<String, String> functions(Map<String, String> migrations) {
        Map<String, String> functions = new TreeMap<>(migrations);
        functions.keySet().removeIf(file -> !file.startsWith("R"));
        return functions;
    }

    private static List<String> versioned(Map<String, String> migrations) {
        return migrations.keySet().stream().filter(file -> file.startsWith("V")).toList();
    }

    private static Map<String, String> and(Map<String, String> migrations, String file, String sha256) {
        Map<String, String> more = new TreeMap<>(migrations);
        more.put(file, sha256);
        return more;
    }

    private static Map<String, String> current() throws IOException, NoSuchAlgorithmException {
        Map<String, String> current = new TreeMap<>();
        try (Stream<Path> files = Files.list(MIGRATIONS)) {
            for (Path file : files.toList()) {
                byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
                current.put(file.getFileName().toString(), HexFormat.of().formatHex(digest));
            }
        }
        return current;
    }
}
