package io.trunkline.group;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.OptionalLong;

/** Where a consumer begins where nothing is committed, Kafka's {@code auto.offset.reset}. */
public sealed interface OffsetReset {
    /** At the first record that is kept. */
    record Earliest() implements OffsetReset {}

    /** After the last record there is. */
    record Latest() implements OffsetReset {}

    /** Nowhere: polls fail. */
    record None() implements OffsetReset {}

    /**
     * At the first record that is not older than this (KIP-1106), or after the last one where all are.
     *
     * @param duration from 0 to 100 years
     */
    record ByDuration(Duration duration) implements OffsetReset {
        private static final Duration LONGEST = Duration.ofDays(36_525);

        public ByDuration {
            if (duration.isNegative() || duration.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException("not from 0 to 100 years: " + duration);
            }
        }
    }

    /** What stands before an ISO 8601 duration. */
    String BY_DURATION = "by_duration:";

    /** The one of this name in Kafka's words. */
    static Optional<OffsetReset> of(String text) {
        return switch (text) {
            case "earliest" -> Optional.of(new Earliest());
            case "latest" -> Optional.of(new Latest());
            case "none" -> Optional.of(new None());
            default -> text.startsWith(BY_DURATION) ? byDuration(text) : Optional.empty();
        };
    }

    private static Optional<OffsetReset> byDuration(String text) {
        try {
            return Optional.of(new ByDuration(Duration.parse(text.substring(BY_DURATION.length()))));
        } catch (DateTimeParseException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The one that is stored as this word and these milliseconds; {@code latest} where that is none. */
    static OffsetReset stored(String text, OptionalLong millis) {
        return millis.isPresent() && millis.getAsLong() <= ByDuration.LONGEST.toMillis()
                ? new ByDuration(Duration.ofMillis(millis.getAsLong()))
                : of(text).orElse(new Latest());
    }

    /** The word it is stored as. A version that does not know durations reads one as {@code latest}. */
    default String storedText() {
        return switch (this) {
            case Earliest e -> "earliest";
            case Latest l -> "latest";
            case None n -> "none";
            case ByDuration d -> "latest";
        };
    }

    /** The milliseconds it is stored as. */
    default OptionalLong storedMillis() {
        return this instanceof ByDuration(Duration duration)
                ? OptionalLong.of(duration.toMillis())
                : OptionalLong.empty();
    }
}
