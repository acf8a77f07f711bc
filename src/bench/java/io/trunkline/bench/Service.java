package io.trunkline.bench;

import io.trunkline.testing.Api;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One replica: the packaged application as a process of its own. */
final class Service implements AutoCloseable {
    /** Of the heap, unless a scenario wants another. */
    static final int HEAP_MEGABYTES = 512;

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Pattern ADDRESS = Pattern.compile("http://localhost:([1-9][0-9]*)");

    private final Process process;
    private final Path output;
    private final int port;

    private Service(Process process, Path output) {
        this.process = process;
        this.output = output;
        port = awaitPort();
    }

    /** Starts it, with its output in a file of that name, and waits until it is ready. */
    static Service start(Path directory, String name, int heapMegabytes, Map<String, String> settings)
            throws IOException {
        String jar = System.getProperty("trunkline.application");
        if (jar == null || !Files.exists(Path.of(jar))) {
            throw new IllegalStateException("trunkline.application names no program: run ./mvnw -Pbench verify");
        }
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx" + heapMegabytes + "m");
        command.add("-Dquarkus.http.host=127.0.0.1");
        command.add("-Dquarkus.http.port=0");
        command.add("-Dquarkus.management.port=0");
        settings.forEach((key, value) -> command.add("-D" + key + "=" + value));
        command.add("-jar");
        command.add(jar);
        Path output = directory.resolve(name + ".log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().keySet().removeIf(key -> key.startsWith("TRUNKLINE_") || key.startsWith("QUARKUS_"));
        Process process = builder.start();
        Thread stop = new Thread(process::destroyForcibly, "stop-service");
        Runtime.getRuntime().addShutdownHook(stop);
        try {
            return new Service(process, output);
        } catch (RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    private int awaitPort() {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            String text = output();
            Matcher address = ADDRESS.matcher(text);
            if (text.contains("Trunkline is ready") && address.find()) {
                return Integer.parseInt(address.group(1));
            }
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new IllegalStateException("the service did not start: " + text);
            }
            Window.await(System.nanoTime() + 50_000_000, () -> {});
        }
    }

    int port() {
        return port;
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    /** For calls that are not measured. */
    Api api() {
        return new Api("http://localhost:" + port);
    }

    /** Fails when the service has ended. */
    void check() {
        if (!process.isAlive()) {
            throw new IllegalStateException("the service ended: " + output());
        }
    }

    private String output() {
        try {
            return Files.readString(output);
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
