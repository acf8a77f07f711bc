package io.trunkline;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StopDeadlineTest {
    /** A service that never stops. */
    static final class Hangs {
        public static void main(String... args) throws InterruptedException {
            CountDownLatch never = new CountDownLatch(1);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                if (!StopDeadline.isKept(never, Duration.ofMillis(200))) {
                    StopDeadline.halt();
                }
            }));
            Runtime.getRuntime().addShutdownHook(new Thread(() -> await(never), "the-one-that-hangs"));
            System.exit(0);
        }

        private static void await(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Test
    void processThatDoesNotStopIsEndedAndTellsWhatItWasDoing() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Hangs.class.getName())
                .redirectErrorStream(true)
                .start();

        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isEqualTo(3);
        assertThat(output)
                .contains("did not stop")
                .contains("the-one-that-hangs: ")
                .contains("CountDownLatch");
    }

    @Test
    void stopInTimeIsLeftAlone() {
        assertThat(StopDeadline.isKept(new CountDownLatch(0), Duration.ofMinutes(1)))
                .isTrue();
    }
}
