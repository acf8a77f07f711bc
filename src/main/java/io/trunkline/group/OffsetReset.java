package io.trunkline.group;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Where a consumer begins where nothing is committed, Kafka's {@code auto.offset.reset}. */
public enum OffsetReset {
    /** At the first record that is kept. */
    EARLIEST,
    /** After the last record there is. */
    LATEST,
    /** Nowhere: polls fail. */
    NONE;

    /** Its name in configurations. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The one of this name. */
    public static Optional<OffsetReset> of(String text) {
        return Stream.of(values()).filter(reset -> reset.text().equals(text)).findFirst();
    }
}
