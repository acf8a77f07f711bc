package io.trunkline.ops;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ConfigCheckTest {
    private static final Pattern MAPPING = Pattern.compile("@ConfigMapping\\(prefix = \"trunkline\\.([a-z]+)");

    @Test
    void groupsAreThoseOfTheConfigInterfaces() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            assertThat(files.filter(file -> file.toString().endsWith(".java"))
                            .flatMap(file -> MAPPING.matcher(read(file)).results())
                            .map(mapping -> mapping.group(1))
                            .distinct()
                            .sorted())
                    .hasSizeGreaterThan(5)
                    .isEqualTo(ConfigCheck.GROUPS);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
