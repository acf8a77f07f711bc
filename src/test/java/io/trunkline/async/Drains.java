package io.trunkline.async;

import java.nio.file.Path;
import java.time.Duration;

/** Drains for tests of other packages. */
public final class Drains {
    private Drains() {}

    /** Of a service that is not being stopped. */
    public static Drain none() {
        return new Drain(new ShutdownConfig() {
            @Override
            public Duration delay() {
                return Duration.ZERO;
            }

            @Override
            public Duration timeout() {
                return Duration.ZERO;
            }

            @Override
            public Path terminationLog() {
                return Path.of("/dev/termination-log");
            }
        });
    }
}
