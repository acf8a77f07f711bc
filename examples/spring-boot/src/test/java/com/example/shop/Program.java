package com.example.shop;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A Java program as a process of its own, whose output goes to a file. */
final class Program implements AutoCloseable {
    /** The first start of an embedded PostgreSQL takes minutes on a busy machine. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private static final List<String> SETTINGS = List.of("TRUNKLINE_", "QUARKUS_", "SPRING_", "SERVER_", "SHOP_");

    private final Process process;
    private final Path output;

    private Program(Process process, Path output) {
        this.process = process;
        this.output = output;
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy, "stop-program"));
    }

    /** Starts a jar with these environment variables, and none of such a name that the tests themselves have. */
    static Program start(Path directory, Path jar, Map<String, String> environment, String... arguments) {
        if (!Files.exists(jar)) {
            throw new IllegalStateException("There is no " + jar + ": build it first, as README.md says.");
        }
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // What is fast sooner is worth more here than how fast it gets.
        command.addAll(List.of(
                "-Xmx512m",
                "-XX:TieredStopAtLevel=1",
                "-jar",
                jar.toAbsolutePath().toString()));
        command.addAll(List.of(arguments));
        try {
            Path output = Files.createTempFile(directory, "program", ".log");
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile());
            builder.environment().keySet().removeIf(name -> SETTINGS.stream().anyMatch(name::startsWith));
            builder.environment().putAll(environment);
            return new Program(builder.start(), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A port of this machine on which nothing listens. */
    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until the program has printed this. */
    void awaitOutput(String text) {
        await().atMost(PATIENCE).until(() -> {
            if (!process.isAlive()) {
                throw new AssertionError("the program ended: " + output());
            }
            return output().contains(text);
        });
    }

    /** Everything that the program has printed so far. */
    String output() {
        try {
            return Files.readString(output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for the end, and returns what was printed. */
    String awaitSuccess() {
        if (awaitEnd() != 0) {
            throw new AssertionError("the program failed: " + output());
        }
        return output();
    }

    /** Ends it as a crash would. */
    void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    /** Asks it to end, and waits. */
    @Override
    public void close() {
        process.destroy();
        awaitEnd();
    }

    private int awaitEnd() {
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("the program did not end: " + output());
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
