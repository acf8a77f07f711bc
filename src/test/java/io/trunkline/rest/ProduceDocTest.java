package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.ServiceTestCase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The examples of {@code docs/produce.md}, in their order, with what the page shows as their output. */
@QuarkusTest
class ProduceDocTest extends ServiceTestCase {
    private static final Path PAGE = Path.of("docs/produce.md");
    private static final Pattern EXAMPLE = Pattern.compile("```sh\n(.*?)```\n\n```text\n(.*?)```", Pattern.DOTALL);

    @Test
    void examplesDoWhatThePageShows() throws Exception {
        String page = Files.readString(PAGE);
        Matcher example = EXAMPLE.matcher(page);
        int count = 0;
        while (example.find()) {
            String output = run(example.group(1)
                    .replace("localhost:8080", "localhost:" + base.getPort())
                    .replace("\"topic_name\": \"orders\"", "\"topic_name\": \"doc-orders\"")
                    .replace("/topics/orders", "/topics/doc-orders"));

            // Each example begins a line of its own, whether or not the response before it ended one.
            assertThat(output.replace("}{", "}\n{")
                            .replace("][", "]\n[")
                            .replace("doc-orders", "orders")
                            .strip())
                    .as(example.group(1))
                    .isEqualTo(example.group(2).strip());
            count++;
        }

        assertThat(count).isEqualTo(page.split("```sh\n", -1).length - 1).isGreaterThan(5);
    }

    private static String run(String commands) throws IOException, InterruptedException {
        Process shell = new ProcessBuilder("sh", "-e", "-c", commands)
                .redirectErrorStream(true)
                .start();
        shell.getOutputStream().close();
        String output = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(shell.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(shell.exitValue()).as(output).isZero();
        return output;
    }
}
