package io.trunkline.access;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Metrics;
import java.util.Locale;

/** What is told about quotas. Which principal it was stands in the audit log. */
final class QuotaMetrics {
    private QuotaMetrics() {}

    /** Shows all of them from the start, so that a first rejection is an increase. */
    static void register() {
        for (Quota quota : Quota.values()) {
            counter(quota);
        }
    }

    static void rejected(Quota quota) {
        counter(quota).increment();
    }

    private static Counter counter(Quota quota) {
        return Counter.builder("trunkline.quota.rejections")
                .description("Requests that were refused because a quota was used up")
                .tag("quota", quota.name().toLowerCase(Locale.ROOT))
                .register(Metrics.globalRegistry);
    }
}
