package io.trunkline;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.ConfigProvider;

/** Sees to it that a stop ends, whatever hangs: what waits for longer is killed by whoever asked for it, without a word. */
final class StopDeadline {
    /** What stopping takes at most beside the waiting that is configured. */
    private static final Duration SHUTDOWN = Duration.ofSeconds(15);

    private static final Duration TELLING = Duration.ofSeconds(2);
    private static final int DID_NOT_STOP = 3;
    private static final int THREADS = 20;
    private static final int FRAMES = 8;

    private StopDeadline() {}

    /** Whether the service has stopped in its time; where it has not, says what it was doing. */
    static boolean isKept(CountDownLatch serviceStopped) {
        return isKept(serviceStopped, SHUTDOWN.plus(configured("delay")).plus(configured("timeout")));
    }

    static boolean isKept(CountDownLatch serviceStopped, Duration patience) {
        try {
            if (serviceStopped.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                return true;
            }
            // Neither the logger, which may be what hangs, nor for long: nobody may be reading.
            Thread telling = new Thread(() -> tell(patience), "stop-deadline");
            telling.setDaemon(true);
            telling.start();
            telling.join(TELLING.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }

    private static void tell(Duration patience) {
        System.err.println("Trunkline did not stop within " + patience.toSeconds() + " s and is ended with status "
                + DID_NOT_STOP + ". At work were:");
        Thread.getAllStackTraces().entrySet().stream()
                .filter(entry -> entry.getKey() != Thread.currentThread())
                .filter(entry -> Arrays.stream(entry.getValue())
                        .anyMatch(frame -> frame.getClassName().startsWith("io.trunkline.")))
                .limit(THREADS)
                .forEach(entry -> System.err.println("  " + entry.getKey().getName() + ": "
                        + Arrays.stream(entry.getValue())
                                .limit(FRAMES)
                                .map(StackTraceElement::toString)
                                .collect(Collectors.joining(" < "))));
    }

    /** Ends the process at once. */
    static void halt() {
        Runtime.getRuntime().halt(DID_NOT_STOP);
    }

    private static Duration configured(String part) {
        return ConfigProvider.getConfig()
                .getOptionalValue("quarkus.shutdown." + part, Duration.class)
                .orElse(Duration.ZERO);
    }
}
