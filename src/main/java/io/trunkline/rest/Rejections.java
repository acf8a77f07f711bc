package io.trunkline.rest;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Metrics;
import io.trunkline.error.ErrorCode;
import java.util.Locale;

/** Counts the requests that were answered with an error, by its code. */
final class Rejections {
    private Rejections() {}

    static void count(ErrorCode code) {
        Counter.builder("trunkline.requests.rejected")
                .description("Requests that were answered with an error")
                .tag("reason", code.name().toLowerCase(Locale.ROOT))
                .register(Metrics.globalRegistry)
                .increment();
    }
}
