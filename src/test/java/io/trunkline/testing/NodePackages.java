package io.trunkline.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Clients by other authors, as packages of npm, with the scripts of {@code src/test/clients} that use them. All of it is copied
 * to {@code target/clients} and installed there, so that nothing is written into the checkout.
 */
public final class NodePackages {
    private static final Path SOURCE = Path.of("src/test/clients");
    private static final Path TARGET = Path.of("target/clients");
    /** The oldest major version of Node.js that the packages support. */
    private static final int OLDEST_NODE = 20;

    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final String NEEDED = "This test needs Node.js " + OLDEST_NODE
            + " or later and npm on the PATH, and access to npm's registry or cache. ";
    private static final Pattern VERSION = Pattern.compile("v(\\d+)\\..*", Pattern.DOTALL);

    private final Path directory;

    private NodePackages(Path directory) {
        this.directory = directory;
    }

    /**
     * Installs exactly what the lock file names, which takes seconds where npm's cache has it.
     *
     * @throws AssertionError if Node.js or npm is missing, fails, or needs more than three minutes
     */
    public static NodePackages install() {
        return install("node", "npm", SOURCE, TARGET, PATIENCE);
    }

    static NodePackages install(String node, String npm, Path source, Path target, Duration patience) {
        TestDirectories.outsideTheCheckout(target);
        String version = run(source, patience, node, "--version");
        Matcher major = VERSION.matcher(version);
        if (!major.matches() || Integer.parseInt(major.group(1)) < OLDEST_NODE) {
            throw new AssertionError(NEEDED + node + " is " + version.strip());
        }
        copy(source, target);
        run(target, patience, npm, "ci");
        return new NodePackages(target);
    }

    /** Starts a script, and does not wait. */
    public NodeClient start(String script, String... arguments) {
        return NodeClient.start(directory, script, List.of(arguments));
    }

    private static void copy(Path source, Path target) {
        try {
            if (Files.exists(target)) {
                TestDirectories.delete(target);
            }
            Files.createDirectories(target);
            try (Stream<Path> files = Files.list(source)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    Files.copy(file, target.resolve(file.getFileName()));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a command to its end, which has to be a good one, and returns what it printed. */
    private static String run(Path directory, Duration patience, String... command) {
        String line = String.join(" ", command);
        try {
            Path output = Files.createTempFile("trunkline-node", ".log");
            try {
                Process process = start(directory, output, command);
                process.getOutputStream().close();
                boolean ended = process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
                if (!ended) {
                    process.destroyForcibly().waitFor();
                }
                String printed = Files.readString(output);
                if (!ended) {
                    throw new AssertionError(NEEDED + line + " did not end within " + patience + ": " + printed);
                }
                if (process.exitValue() != 0) {
                    throw new AssertionError(NEEDED + line + " ended with " + process.exitValue() + ": " + printed);
                }
                return printed;
            } finally {
                Files.delete(output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static Process start(Path directory, Path output, String... command) {
        try {
            return new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
        } catch (IOException e) {
            throw new AssertionError(NEEDED + command[0] + " cannot be run.", e);
        }
    }
}
