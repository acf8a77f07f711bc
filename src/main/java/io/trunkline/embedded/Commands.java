package io.trunkline.embedded;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a program to its end, for a bounded time. */
final class Commands {
    private static final Duration MOST = Duration.ofMinutes(5);

    private Commands() {}

    /** How a program ended, and what it printed. */
    record Result(int status, String output) {}

    static Result run(List<String> command) throws IOException {
        return run(command, MOST);
    }

    static Result run(List<String> command, Duration most) throws IOException {
        // To a file, not through a pipe: a server that a command leaves behind would hold the pipe open.
        Path output = Files.createTempFile("trunkline", ".out");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .start();
            if (!process.waitFor(most.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new IOException(command.getFirst() + " did not end within " + most.toSeconds() + " s");
            }
            return new Result(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while running " + command.getFirst(), e);
        } finally {
            Files.deleteIfExists(output);
        }
    }
}
