package io.trunkline.bench;

import java.util.Locale;

/** How values are sent and received. */
enum Format {
    JSON,
    BINARY;

    /** What a consumer of it is made with. */
    String option() {
        return name().toLowerCase(Locale.ROOT);
    }

    String mediaType() {
        return "application/vnd.kafka." + option() + ".v2+json";
    }
}
