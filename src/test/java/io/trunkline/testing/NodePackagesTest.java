package io.trunkline.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said where packages cannot be installed, with commands in place of Node.js and npm, which need not be there. */
class NodePackagesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String NEEDED = "needs Node.js 20 or later and npm";

    @TempDir
    Path directory = Path.of("");

    private Path source = Path.of("");
    private Path target = Path.of("");

    @BeforeEach
    void makeScripts() throws IOException {
        source = Files.createDirectory(directory.resolve("source"));
        target = directory.resolve("target");
        Files.writeString(source.resolve("package.json"), "{}");
    }

    @Test
    void filesAreCopiedAndInstalledInTheCopy() throws IOException {
        Files.createDirectories(target);
        Files.writeString(target.resolve("left-from-before"), "");

        NodePackages.install(
                command("node", "echo v20.1.2"), command("npm", "echo $* > done"), source, target, PATIENCE);

        assertThat(target.resolve("done")).hasContent("ci");
        assertThat(target.resolve("package.json")).hasContent("{}");
        assertThat(target.resolve("left-from-before")).doesNotExist();
        assertThat(source).isDirectoryNotContaining("glob:**/done");
    }

    @Test
    void missingCommandIsNamed() throws IOException {
        String node = command("node", "echo v22.0.0");
        String missing = directory.resolve("missing").toString();

        assertThatThrownBy(() -> NodePackages.install(missing, "npm", source, target, PATIENCE))
                .isInstanceOf(AssertionError.class)
                .hasMessageContainingAll(NEEDED, "missing cannot be run");
        assertThatThrownBy(() -> NodePackages.install(node, missing, source, target, PATIENCE))
                .isInstanceOf(AssertionError.class)
                .hasMessageContainingAll(NEEDED, "missing cannot be run");
    }

    @ParameterizedTest
    @ValueSource(strings = {"v18.20.4", "v9.0.0", "20.0.0", "nothing"})
    void olderNodeIsRefused(String version) throws IOException {
        String node = command("node", "echo " + version);

        assertThatThrownBy(() -> NodePackages.install(node, "npm", source, target, PATIENCE))
                .isInstanceOf(AssertionError.class)
                .hasMessageContainingAll(NEEDED, "node is " + version);
    }

    @Test
    void failureOfNpmIsShown() throws IOException {
        String node = command("node", "echo v20.1.2");
        String npm = command("npm", "echo 'the registry is away' >&2; exit 7");

        assertThatThrownBy(() -> NodePackages.install(node, npm, source, target, PATIENCE))
                .isInstanceOf(AssertionError.class)
                .hasMessageContainingAll(NEEDED, "npm ci ended with 7", "the registry is away");
    }

    @Test
    void npmThatDoesNotEndIsEnded() throws IOException {
        String node = command("node", "echo v20.1.2");
        Path pid = directory.resolve("pid");
        String npm = command("npm", "echo $$ > " + pid + "; exec sleep 600");

        assertThatThrownBy(() -> NodePackages.install(node, npm, source, target, Duration.ofSeconds(3)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContainingAll(NEEDED, "npm ci did not end within PT3S");

        assertThat(ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
                        .filter(ProcessHandle::isAlive))
                .isEmpty();
    }

    private String command(String name, String script) throws IOException {
        Path file = Files.writeString(directory.resolve(name), "#!/bin/sh\n" + script + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
        return file.toString();
    }
}
