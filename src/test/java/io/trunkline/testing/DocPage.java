package io.trunkline.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A page of the documentation whose shell examples are followed by what they show. */
public final class DocPage {
    private static final Pattern EXAMPLE = Pattern.compile("```sh\n(.*?)```\n\n```text\n(.*?)```", Pattern.DOTALL);

    private final String text;

    public DocPage(Path page) throws IOException {
        text = Files.readString(page);
    }

    /**
     * Runs the examples in their order, and compares their output with that of the page.
     *
     * @param here names the service and topics of the test in place of those of the page
     * @param there the other way round, in the output
     * @return how many there are
     */
    public int run(UnaryOperator<String> here, UnaryOperator<String> there) throws IOException, InterruptedException {
        Matcher example = EXAMPLE.matcher(text);
        int count = 0;
        while (example.find()) {
            String output = shell(here.apply(example.group(1)));

            // Each response begins a line of its own, whether or not the one before it ended one.
            assertThat(there.apply(output)
                            .replace("}{", "}\n{")
                            .replace("][", "]\n[")
                            .replace("]{", "]\n{")
                            .replace("]T", "]\nT")
                            .strip())
                    .as(example.group(1))
                    .isEqualTo(example.group(2).strip());
            count++;
        }
        assertThat(count).isEqualTo(text.split("```sh\n", -1).length - 1);
        return count;
    }

    private static String shell(String commands) throws IOException, InterruptedException {
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
