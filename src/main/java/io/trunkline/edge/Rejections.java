package io.trunkline.edge;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Metrics;
import io.trunkline.error.ErrorCode;
import java.util.Locale;

/** Counts the requests that were answered with an error, by its code. */
public final class Rejections {
    private Rejections() {}

    public static void count(ErrorCode code) {
        Counter.builder("trunkline.requests.rejected")
                .description("Requests that were answered with an error")
                .tag("reason", code.name().toLowerCase(Locale.ROOT))
                .register(Metrics.globalRegistry)
                .increment();
    }
}
