package io.trunkline.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/** The packaged application as a process of its own. */
public final class ServiceProcess implements AutoCloseable {
    /**
     * The first start on an embedded PostgreSQL was seen to need 402 s with ten busy processes and other builds on two cores. Every
     * step of it went on.
     */
    private static final Duration PATIENCE = Duration.ofMinutes(8);

    private static final Pattern ADDRESS = Pattern.compile("http://localhost:([1-9][0-9]*)");

    /**
     * Makes a program heed Ctrl-C even where the tests themselves were started in the background by a shell, which makes
     * everything below it ignore that signal.
     */
    private static final List<String> WITH_CTRL_C =
            resetsSignals() ? List.of("env", "--default-signal=INT") : List.of();

    private final Process process;
    private final Path output;

    private ServiceProcess(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /**
     * Starts with these settings in a working directory, and does not wait.
     *
     * @throws IllegalArgumentException if the directory is in the checkout
     */
    public static ServiceProcess launch(Path directory, Map<String, String> settings, String... arguments) {
        return launch(directory, 512, settings, arguments);
    }

    private static ServiceProcess launch(
            Path directory, int heapMegabytes, Map<String, String> settings, String... arguments) {
        TestDirectories.outsideTheCheckout(directory);
        String application = System.getProperty("trunkline.application");
        if (application == null) {
            throw new IllegalStateException("trunkline.application is not set: run this test with ./mvnw verify");
        }
        try {
            List<String> command = new ArrayList<>(WITH_CTRL_C);
            boolean isJar = application.endsWith(".jar");
            command.add(
                    isJar
                            ? Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString()
                            : application);
            command.add("-Xmx" + heapMegabytes + "m");
            // As in the images: running out of memory is an end that a test sees, not a limp.
            command.add("-XX:+ExitOnOutOfMemoryError");
            command.add("-Dquarkus.http.port=0");
            command.add("-Dquarkus.management.port=0");
            settings.forEach((key, value) -> command.add("-D" + key + "=" + value));
            if (isJar) {
                // Tests start it again and again: what it gets ready sooner is worth more than how fast it gets.
                command.add("-XX:TieredStopAtLevel=1");
                command.addAll(List.of("-jar", application));
            }
            command.addAll(List.of(arguments));
            Path output = Files.createTempFile(directory, "service", ".log");
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile());
            builder.environment().keySet().removeIf(name -> name.startsWith("TRUNKLINE_"));
            return new ServiceProcess(builder.start(), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts, and waits until the API answers. */
    public static ServiceProcess start(Path directory, Map<String, String> settings) {
        ServiceProcess service = launch(directory, settings);
        service.awaitReady();
        return service;
    }

    /** Starts with a heap of so many MiB instead of 512, and waits until the API answers. */
    public static ServiceProcess start(Path directory, int heapMegabytes, Map<String, String> settings) {
        ServiceProcess service = launch(directory, heapMegabytes, settings);
        service.awaitReady();
        return service;
    }

    /** Waits until the API answers. */
    public void awaitReady() {
        awaitOutput("Trunkline is ready");
    }

    /** Waits until it has printed this. */
    public void awaitOutput(String text) {
        Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(100)).until(() -> {
            if (!process.isAlive()) {
                throw new AssertionError("the service ended: " + output());
            }
            return output().contains(text);
        });
    }

    /** A client, at the address that the start-up told. */
    public Api api() {
        return new Api("http://localhost:" + port());
    }

    /** The port of the API. */
    public int port() {
        Matcher address = ADDRESS.matcher(output());
        if (!address.find()) {
            throw new IllegalStateException("no address in " + output());
        }
        return Integer.parseInt(address.group(1));
    }

    /** A port on which nothing listens, for settings that have to be known before the start. */
    public static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Everything printed so far. */
    public String output() {
        try {
            return Files.readString(output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether it still runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** The id of its process. */
    public long pid() {
        return process.pid();
    }

    /** Asks it to end, as Kubernetes does, and does not wait. */
    public void terminate() {
        process.destroy();
    }

    /** Waits for the end and answers the exit status. */
    public int awaitEnd() {
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError("the service did not end: " + output());
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Ctrl-C. */
    public void interrupt() {
        signal(process.pid(), "INT");
        awaitEnd();
    }

    /** As a crash would. */
    public void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    /** A polite end, as {@code kill} and Kubernetes ask for. */
    @Override
    public void close() {
        if (process.isAlive()) {
            process.destroy();
            awaitEnd();
        }
    }

    /** The PostgreSQL server that runs on a data directory. */
    public static Optional<ProcessHandle> postgres(Path dataDirectory) {
        Path pidFile = dataDirectory.resolve("postmaster.pid");
        try {
            return Files.exists(pidFile)
                    ? ProcessHandle.of(Long.parseLong(
                                    Files.readAllLines(pidFile).getFirst().strip()))
                            .filter(ProcessHandle::isAlive)
                    : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean resetsSignals() {
        try {
            return new ProcessBuilder("env", "--default-signal=INT", "true")
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Sends a signal to a process. */
    public static void signal(long pid, String name) {
        try {
            int status = new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                    .start()
                    .waitFor();
            if (status != 0) {
                throw new AssertionError("kill failed with " + status);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
