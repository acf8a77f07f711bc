package io.trunkline.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Packages of npm with the scripts that use them: clients by other authors in {@code src/test/clients}, and the checks of the
 * console in {@code src/test/console}. All of it is copied to {@code target} and installed there, so that nothing is written into
 * the checkout.
 */
public final class NodePackages {
    private static final Path CLIENTS = Path.of("src/test/clients");
    private static final Path CONSOLE_CHECKS = Path.of("src/test/console");
    private static final Path CONSOLE = Path.of("src/main/resources/web");
    private static final Path TARGET = Path.of("target");
    /** The same tree below, since the checks name the console's files by their place beside them. */
    private static final Path CONSOLE_TARGET = Path.of("target/console");
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
        return install("node", "npm", CLIENTS, TARGET.resolve("clients"), PATIENCE);
    }

    /** As {@link #install}, of the checks of the console, beside the console's files. */
    public static NodePackages installConsoleChecks() {
        copy(CONSOLE, CONSOLE_TARGET.resolve(CONSOLE));
        return install("node", "npm", CONSOLE_CHECKS, CONSOLE_TARGET.resolve(CONSOLE_CHECKS), PATIENCE);
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

    /**
     * Runs a script of {@code package.json} to its end.
     *
     * @param environment beside that of this process
     * @return what it printed
     * @throws AssertionError with what it printed, if it fails or takes longer than the patience
     */
    public String run(String script, Map<String, String> environment, Duration patience) {
        return run(directory, environment, patience, "npm", "run", "--silent", script);
    }

    private static void copy(Path source, Path target) {
        try {
            if (Files.exists(target)) {
                TestDirectories.delete(target);
            }
            try (Stream<Path> files = Files.walk(source)) {
                for (Path file : files.filter(file -> !isInstalled(file)).toList()) {
                    Path copy = target.resolve(source.relativize(file));
                    Files.createDirectories(
                            Files.isDirectory(file)
                                    ? copy
                                    : copy.toAbsolutePath().getParent());
                    if (Files.isRegularFile(file)) {
                        Files.copy(file, copy);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether it is of packages that somebody has installed beside the sources. */
    private static boolean isInstalled(Path file) {
        return StreamSupport.stream(file.spliterator(), false).anyMatch(name -> name.endsWith("node_modules"));
    }

    private static String run(Path directory, Duration patience, String... command) {
        return run(directory, Map.of(), patience, command);
    }

    /** Runs a command to its end, which has to be a good one, and returns what it printed. */
    private static String run(Path directory, Map<String, String> environment, Duration patience, String... command) {
        String line = String.join(" ", command);
        try {
            Path output = Files.createTempFile("trunkline-node", ".log");
            try {
                Process process = start(directory, environment, output, command);
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

    private static Process start(Path directory, Map<String, String> environment, Path output, String... command) {
        try {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile());
            builder.environment().putAll(environment);
            return builder.start();
        } catch (IOException e) {
            throw new AssertionError(NEEDED + command[0] + " cannot be run.", e);
        }
    }
}
