package io.trunkline.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/** A script with a client by other authors, in a process of Node.js; it tells by lines of its output what it sees. */
public final class NodeClient implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Process process;
    private final Path output;
    private final Path errors;

    private NodeClient(Process process, Path output, Path errors) {
        this.process = process;
        this.output = output;
        this.errors = errors;
    }

    /** Runs it in the directory of its packages, where its output stays for whoever looks into a failure. */
    static NodeClient start(Path directory, String script, List<String> arguments) {
        try {
            Path output = Files.createTempFile(directory, script, ".out");
            Path errors = Files.createTempFile(directory, script, ".err");
            List<String> command = new ArrayList<>(List.of("node", script));
            command.addAll(arguments);
            // Its standard input stays open as long as this process lives: a script that follows sees there that it is
            // alone.
            Process process = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectOutput(output.toFile())
                    .redirectError(errors.toFile())
                    .start();
            return new NodeClient(process, output, errors);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The whole lines that it has printed so far. */
    public List<String> lines() {
        String printed = read(output);
        return printed.substring(0, printed.lastIndexOf('\n') + 1).lines().toList();
    }

    /** Waits until what it has printed is as wanted; fails when the script ends or a minute passes before. */
    public void awaitLines(Predicate<List<String>> wanted) {
        Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(20)).until(() -> {
            boolean ended = !process.isAlive();
            if (wanted.test(lines())) {
                return true;
            }
            if (ended) {
                throw new AssertionError(failure("ended"));
            }
            return false;
        });
    }

    /** Waits for its end, which has to be a good one, and returns all lines that it printed. */
    public List<String> awaitEnd() {
        try {
            if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError(failure("did not end"));
            }
            if (process.exitValue() != 0) {
                throw new AssertionError(failure("ended with " + process.exitValue()));
            }
            return lines();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Ends it where it has not ended. */
    @Override
    public void close() {
        try {
            process.destroyForcibly().waitFor();
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String failure(String what) {
        List<String> lines = lines();
        return "the script " + what + " after " + lines.size() + " lines, the last of them "
                + lines.subList(Math.max(0, lines.size() - 5), lines.size()) + ": " + read(errors);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
