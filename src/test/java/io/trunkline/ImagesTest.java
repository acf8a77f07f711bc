package io.trunkline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The Dockerfiles, and the command that the image for the JVM starts with. */
class ImagesTest {
    private static final Path DOCKER = Path.of("src/main/docker");
    private static final String JVM = "Dockerfile.jvm";
    private static final String NATIVE = "Dockerfile.native";
    private static final Pattern BASE_IMAGE =
            Pattern.compile("(?m)^ARG (BUILD|RUNTIME)_IMAGE=[a-z0-9./-]+:[A-Za-z0-9._-]+(@sha256:[0-9a-f]{64})?$");
    private static final String OWN_OPTIONS = "JDK_JAVA_OPTIONS";

    @TempDir
    Path directory = Path.of("");

    @ParameterizedTest
    @ValueSource(strings = {JVM, NATIVE})
    void baseImagesCanBeGivenByDigest(String dockerfile) throws IOException {
        assertThat(BASE_IMAGE.matcher(read(dockerfile)).results()).hasSize(2);
        assertThat(lines(dockerfile, "FROM "))
                .allMatch(line -> line.matches("FROM (\\$\\{(BUILD|RUNTIME)_IMAGE}|service).*"));
    }

    @Test
    void digestsOfTheBaseImagesCanBeWrittenAnew() throws Exception {
        String digest = "sha256:" + "0123456789abcdef".repeat(4);
        Path docker = Files.writeString(directory.resolve("docker"), "#!/bin/sh\necho " + digest + "\n");
        assertThat(docker.toFile().setExecutable(true)).isTrue();
        for (String file : List.of(JVM, NATIVE, "pin.sh")) {
            Files.copy(DOCKER.resolve(file), directory.resolve(file));
        }

        for (int time = 1; time <= 2; time++) {
            ProcessBuilder pin =
                    new ProcessBuilder("bash", directory.resolve("pin.sh").toString());
            pin.environment().merge("PATH", directory.toString(), (path, first) -> first + ":" + path);
            assertThat(run(pin)).contains(":25-jdk-noble@" + digest);

            for (String file : List.of(JVM, NATIVE)) {
                String pinned = Files.readString(directory.resolve(file));
                assertThat(BASE_IMAGE.matcher(pinned).results().map(found -> found.group(2)))
                        .containsExactly("@" + digest, "@" + digest);
                assertThat(pinned.replace("@" + digest, ""))
                        .isEqualTo(read(file).replaceAll("(_IMAGE=.*)@.*", "$1"));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {JVM, NATIVE})
    void everythingCopiedFromAnotherStageBelongsToRoot(String dockerfile) throws IOException {
        assertThat(lines(dockerfile, "COPY --from")).isNotEmpty().allMatch(line -> line.contains(" --chown=0:0 "));
        assertThat(lines(dockerfile, "USER ").getLast()).isEqualTo("USER 10001:10001");
    }

    @ParameterizedTest
    @ValueSource(strings = {JVM, NATIVE})
    void imageCanBeBuiltBehindAMirror(String dockerfile) throws IOException {
        String build = read(dockerfile).replace("\\\n", "");

        assertThat(build.indexOf("\nARG MVNW_REPOURL\n")).isPositive().isLessThan(build.indexOf("./mvnw"));
        assertThat(build.lines().filter(line -> line.startsWith("RUN") && line.contains("./mvnw")))
                .isNotEmpty()
                .allSatisfy(line -> assertThat(line)
                        .contains("--mount=type=secret,id=maven-settings")
                        .contains("echo -s /run/secrets/maven-settings"));
    }

    @Test
    void memoryThatRunsOutEndsBothImages() throws IOException {
        assertThat(Files.readString(DOCKER.resolve("jvm.flags"))).contains("\n+ExitOnOutOfMemoryError\n");
        assertThat(entrypoint(NATIVE)).contains("-XX:+ExitOnOutOfMemoryError");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | MaxRAMPercentage | 60.000000",
                "'' | MaxDirectMemorySize | 201326592",
                "'' | ExitOnOutOfMemoryError | true",
                "'' | UseG1GC | true",
                "-XX:ActiveProcessorCount=1 | UseG1GC | true",
                "-XX:MaxRAMPercentage=75 | MaxRAMPercentage | 75.000000",
                "-XX:MaxRAMPercentage=75 | ExitOnOutOfMemoryError | true",
                "-XX:MaxDirectMemorySize=1g | MaxDirectMemorySize | 1073741824",
                "-XX:-ExitOnOutOfMemoryError | ExitOnOutOfMemoryError | false",
                "-XX:+UseSerialGC | UseSerialGC | true",
                "-XX:+UseParallelGC -XX:MaxRAMPercentage=50 | UseParallelGC | true"
            })
    void ownOptionsReplaceThoseOfTheImage(String options, String flag, String value) throws Exception {
        String output = java(options, "-XX:+PrintFlagsFinal", "-version");

        assertThat(output).containsPattern("\\b" + flag + " +[:=]+ " + value + " ");
    }

    @Test
    void cacheThatDoesNotFitSaysNoMoreThanThatItIsNotUsed() throws Exception {
        run(new ProcessBuilder(
                javaBinary(),
                "-XX:Flags=" + DOCKER.resolve("jvm.flags"),
                "-XX:AOTCacheOutput=" + cache(),
                "-cp",
                Files.createDirectory(directory.resolve("empty")).toString(),
                "--list-modules"));
        assertThat(cache()).isNotEmptyFile();

        assertThat(java("", "-version")).doesNotContain("[aot]");
        assertThat(java("-XX:+UseZGC", "-version")).doesNotContain("[warning]").contains("Runtime Environment");
    }

    private Path cache() {
        return directory.resolve("app.aot");
    }

    /** What java says, called as the image does with own options; in place of the service stands something else. */
    private String java(String options, String... instead) throws Exception {
        List<String> command = new ArrayList<>();
        for (String argument : entrypoint(JVM)) {
            if (argument.equals("-jar")) {
                break;
            }
            command.add(argument.replace(
                            "/app/jvm.flags", DOCKER.resolve("jvm.flags").toString())
                    .replace("/app/app.aot", cache().toString()));
        }
        assertThat(command.getFirst()).isEqualTo("java");
        command.set(0, javaBinary());
        command.addAll(List.of(instead));
        ProcessBuilder java = new ProcessBuilder(command);
        java.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", OWN_OPTIONS));
        if (!options.isEmpty()) {
            java.environment().putAll(Map.of(OWN_OPTIONS, options));
        }
        return run(java);
    }

    private static String javaBinary() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private String run(ProcessBuilder builder) throws Exception {
        Path output = Files.createTempFile(directory, "output", ".txt");
        Process process = builder.redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        String text = Files.readString(output, StandardCharsets.UTF_8);
        assertThat(process.exitValue()).as(text).isZero();
        return text;
    }

    private static List<String> entrypoint(String dockerfile) throws IOException {
        String json = lines(dockerfile, "ENTRYPOINT ").getFirst().substring("ENTRYPOINT ".length());
        return List.of(new JsonMapper().readValue(json, String[].class));
    }

    private static List<String> lines(String dockerfile, String start) throws IOException {
        try (Stream<String> lines = read(dockerfile).lines()) {
            return lines.filter(line -> line.startsWith(start)).toList();
        }
    }

    private static String read(String dockerfile) throws IOException {
        return Files.readString(DOCKER.resolve(dockerfile));
    }
}
