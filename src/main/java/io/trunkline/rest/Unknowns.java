package io.trunkline.rest;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** What is not known, as views show it: as null. */
final class Unknowns {
    private static final double THOUSAND = 1_000;

    private Unknowns() {}

    static @Nullable Long number(OptionalLong value) {
        return value.isPresent() ? (Long) value.getAsLong() : null;
    }

    /** To three places. */
    static @Nullable Double number(OptionalDouble value) {
        return value.isPresent() ? (Double) (Math.round(value.getAsDouble() * THOUSAND) / THOUSAND) : null;
    }

    static @Nullable String time(Optional<Instant> time) {
        return time.map(Instant::toString).orElse(null);
    }

    /** A list of {@link OptionalDouble}s as one of numbers and null. */
    static @Nullable Double[] rates(List<OptionalDouble> values) {
        return values.stream().map(Unknowns::number).toArray(Double[]::new);
    }

    /** A list of {@link OptionalLong}s as one of numbers and null. */
    static @Nullable Long[] counts(List<OptionalLong> values) {
        return values.stream().map(Unknowns::number).toArray(Long[]::new);
    }
}
