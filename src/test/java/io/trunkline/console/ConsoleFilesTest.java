package io.trunkline.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/** The files of the console as they are served: {@code -Dconsole.update=true} lists them anew. */
class ConsoleFilesTest {
    private static final Path SOURCES = Path.of("src/main/resources/web/console");
    private static final Path LIST = Path.of("src/main/resources/web/console.files");
    private static final int MOST_COMPRESSED = 200_000;
    private static final Pattern COMMENT = Pattern.compile("/\\*.*?\\*/", Pattern.DOTALL);
    private static final Pattern IMPORT = Pattern.compile("(?:\\bfrom|\\bimport)\\s*\\(?\\s*(['\"])([^'\"\\s]+)\\1");
    private static final Pattern IN_A_PAGE = Pattern.compile("(?:src|href)=\"([^\"]*)\"");
    private static final Pattern IN_A_STYLE = Pattern.compile("url\\(\\s*['\"]?([^'\")]+)['\"]?\\s*\\)");

    private final ConsoleFiles files = ConsoleFiles.load();

    @Test
    void listIsThatOfTheDirectory() throws IOException {
        List<String> names;
        try (Stream<Path> all = Files.walk(SOURCES)) {
            names = all.filter(Files::isRegularFile)
                    .map(file -> SOURCES.relativize(file).toString())
                    .sorted()
                    .toList();
        }
        if (Boolean.getBoolean("console.update")) {
            Files.write(LIST, names);
        }

        assertThat(Files.readAllLines(LIST))
                .as(
                        "after a file of the console came or went run ./mvnw test -Dtest=ConsoleFilesTest -Dconsole.update=true")
                .isEqualTo(names);
    }

    @Test
    void everyImportOfAModuleIsAFileThatIsServed() {
        List<String> imports = new ArrayList<>();
        files.assets().forEach((path, file) -> {
            if (path.endsWith(".js")) {
                IMPORT.matcher(COMMENT.matcher(text(file)).replaceAll(""))
                        .results()
                        .forEach(found -> {
                            String target = found.group(2);
                            imports.add(target);
                            assertThat(target).as("import of %s", path).matches("\\.\\.?/.+");
                            assertThat(files.asset(
                                            URI.create(path).resolve(target).toString()))
                                    .as("%s of %s", target, path)
                                    .isPresent();
                        });
            }
        });

        assertThat(imports).contains("./preact.js", "./lib/htm.js");
    }

    @Test
    void everyFileThatAPageOrAStyleNamesIsServed() {
        List<String> named = new ArrayList<>(IN_A_PAGE
                .matcher(text(files.index()))
                .results()
                .map(found -> found.group(1))
                .filter(path -> path.startsWith("/console/assets"))
                .toList());
        files.assets().forEach((path, file) -> {
            if (path.endsWith(".css")) {
                IN_A_STYLE
                        .matcher(text(file))
                        .results()
                        .forEach(found -> named.add(
                                URI.create(path).resolve(found.group(1)).toString()));
            }
        });

        assertThat(named)
                .hasSizeGreaterThan(1)
                .allSatisfy(path -> assertThat(files.asset(path)).as(path).isPresent());
    }

    /** The policy of the page would stop them, in browsers only. */
    @Test
    void pageHasNothingInlineAndNothingOfOtherHosts() {
        String page = text(files.index());

        assertThat(page).doesNotContain("{{", "://", "javascript:", "<style", " style=");
        assertThat(page).doesNotContainPattern("<script(?![^>]* src=)").doesNotContainPattern("\\son[a-z]+=");
        assertThat(page).contains("<script type=\"module\" src=\"/console/assets/");
    }

    @Test
    void everythingTogetherIsSmallWhenCompressed() {
        int size = files.index().compressed().length
                + files.assets().values().stream()
                        .mapToInt(file -> Math.min(file.plain().length, file.compressed().length))
                        .sum();

        assertThat(size).isBetween(40_000, MOST_COMPRESSED);
    }

    @Test
    void compressedFilesAreTheFiles() throws IOException {
        for (ConsoleFile file : files.assets().values()) {
            try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(file.compressed()))) {
                assertThat(in.readAllBytes()).isEqualTo(file.plain());
            }
        }
    }

    @Test
    void nothingButTheNamedFilesIsServed() {
        assertThat(files.assets().keySet())
                .allMatch(path -> path.matches("/console/assets/[0-9a-f]{24}/[a-z0-9./-]+\\.(js|css|svg)"))
                .noneMatch(path -> path.endsWith(".map") || path.contains("console.files") || path.contains("index"));
        assertThat(ConsoleFiles.load().assets().keySet())
                .isEqualTo(files.assets().keySet());
    }

    @Test
    void mediaTypesAreTold() {
        Map<String, String> types = Map.of(".js", "text/javascript; charset=utf-8", ".css", "text/css; charset=utf-8");

        files.assets().forEach((path, file) -> {
            String type = types.get(path.substring(path.lastIndexOf('.')));
            if (type != null) {
                assertThat(file.mediaType()).isEqualTo(type);
            }
        });
        assertThat(files.index().mediaType()).isEqualTo("text/html; charset=utf-8");
    }

    @Test
    void gzipIsGivenToThoseWhoTakeIt() {
        assertThat(List.of("gzip", "br, gzip", "gzip;q=0.5", "deflate, gzip;q=1.0", "GZIP"))
                .allMatch(ConsoleRoutes::takesGzip);
        assertThat(List.of("", "br", "gzip;q=0", "gzip;q=0.000", "x-gzipped", "gzip;q=x"))
                .noneMatch(ConsoleRoutes::takesGzip);
    }

    private static String text(ConsoleFile file) {
        return new String(file.plain(), StandardCharsets.UTF_8);
    }

    @Test
    void weightsOfManyDigitsAreLookedAtOnce() {
        String digits = "1".repeat(1_000_000);

        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> {
            assertThat(ConsoleRoutes.takesGzip("gzip;q=0." + digits + "x")).isFalse();
            assertThat(ConsoleRoutes.takesGzip("gzip;q=1." + "0".repeat(1_000_000) + "x"))
                    .isFalse();
        });
    }
}
