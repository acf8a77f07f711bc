package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Fields that responses have beyond the bridge's contract, whose clients may refuse what they do not know: they are there
 * for a client that asks for them, some of them by the parameter {@code include}, or all by {@code Accept:
 * application/json}.
 */
enum Include {
    /** Where each value of a topic's configuration comes from. */
    CONFIG_SOURCES,
    /** Where partitions begin and end. */
    OFFSETS,
    /** How many bytes partitions hold. */
    SIZES,
    /** How old the oldest records of partitions are. */
    TIMESTAMPS,
    /** Which failure it is that stands in the place of a record. */
    CODE,
    /** Why a record cannot be shown in the format of its consumer. */
    ERROR,
    /** What this software is called. */
    NAME;

    static final String PARAMETER = "include";
    static final String DESCRIPTION =
            "Fields beyond the bridge's contract, comma-separated; if absent, all of them with Accept: application/json,"
                    + " and none otherwise.";

    /** @throws TrunklineException {@code INVALID_PARAMETER} where the text names what the operation does not have */
    static Set<Include> of(@Nullable String text, String type, Set<Include> known) {
        if (text == null) {
            return type.equals(MediaTypes.PLAIN_JSON) ? known : Set.of();
        }
        Set<Include> wanted = EnumSet.noneOf(Include.class);
        for (String word : text.split(",", -1)) {
            wanted.add(known.stream()
                    .filter(include -> include.word().equals(word.strip()))
                    .findFirst()
                    .orElseThrow(() -> new TrunklineException(
                            ErrorCode.INVALID_PARAMETER,
                            "The parameter " + PARAMETER + " must be a comma-separated list of "
                                    + Arrays.stream(values())
                                            .filter(known::contains)
                                            .map(Include::word)
                                            .collect(Collectors.joining(", "))
                                    + ".")));
        }
        return wanted;
    }

    private String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
