package io.trunkline.access;

import java.util.Locale;

/** What there is a quota of. */
public enum Quota {
    REQUESTS,
    BYTES_WRITTEN,
    BYTES_READ,
    OPEN_POLLS,
    CONSUMERS,
    TOPICS,
    PARTITIONS;

    /** Its setting, and its label in metrics where the hyphens are underscores. */
    String setting() {
        return "trunkline.quotas." + name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
