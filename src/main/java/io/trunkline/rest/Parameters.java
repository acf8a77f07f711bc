package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.group.GroupCoordinator;
import io.trunkline.group.GroupName;
import io.trunkline.group.MemberName;
import io.trunkline.json.Utf8;
import io.trunkline.log.Logs;
import io.trunkline.topic.TopicName;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Path and query parameters out of untrusted text. */
final class Parameters {
    private static final Pattern DIGITS = Pattern.compile("[0-9]{1,19}");

    private Parameters() {}

    /** @throws TrunklineException {@code TOPIC_NOT_FOUND} for a name that no topic can have */
    static TopicName topic(String text) {
        try {
            return TopicName.parse(text);
        } catch (TrunklineException e) {
            throw new TrunklineException(
                    ErrorCode.TOPIC_NOT_FOUND, "No topic can have this name, so there is none. " + e.userMessage());
        }
    }

    /** The consumer group that a path names; where no group can have the name, what is looked for is not there. */
    static GroupName group(String text, ErrorCode notFound) {
        try {
            return GroupName.parse(text);
        } catch (TrunklineException e) {
            throw notFound == ErrorCode.CONSUMER_NOT_FOUND
                    ? GroupCoordinator.consumerNotFound()
                    : new TrunklineException(
                            notFound, "No group can have this name, so there is none. " + e.userMessage());
        }
    }

    /** The consumer that a path names; where no consumer can have the name, it is not there. */
    static MemberName member(String text) {
        try {
            return MemberName.parse(text);
        } catch (TrunklineException e) {
            throw GroupCoordinator.consumerNotFound();
        }
    }

    /** The partition that a path names; whether the topic has it is another question. */
    static int partition(String text) {
        return (int) required("partition", text, 0, Integer.MAX_VALUE);
    }

    /** An optional whole number within bounds, of which the least is not negative. */
    static OptionalLong whole(String name, @Nullable String text, long least, long most) {
        return text == null ? OptionalLong.empty() : OptionalLong.of(required(name, text, least, most));
    }

    /** The offset before which records are deleted, or -1 for all of them. */
    static long before(@Nullable String text) {
        if (text == null) {
            throw new TrunklineException(
                    ErrorCode.INVALID_PARAMETER,
                    "The parameter before is missing: the offset of the first record that stays, or -1 to delete all.");
        }
        return text.equals("-1") ? Logs.ALL_RECORDS : required("before", text, 0, Long.MAX_VALUE);
    }

    /** One of the words that the values of an enumeration have in lower case; what stands for an absent parameter. */
    static <E extends Enum<E>> E choice(String name, @Nullable String text, E absent) {
        if (text == null) {
            return absent;
        }
        E[] values = absent.getDeclaringClass().getEnumConstants();
        return Arrays.stream(values)
                .filter(value -> word(value).equals(text))
                .findFirst()
                .orElseThrow(() -> new TrunklineException(
                        ErrorCode.INVALID_PARAMETER,
                        "The parameter " + name + " must be one of "
                                + Arrays.stream(values).map(Parameters::word).collect(Collectors.joining(", "))
                                + "."));
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** An optional {@code true} or {@code false}. */
    static Optional<Boolean> bool(String name, @Nullable String text) {
        if (text == null) {
            return Optional.empty();
        }
        return switch (text) {
            case "true" -> Optional.of(true);
            case "false" -> Optional.of(false);
            default ->
                throw new TrunklineException(
                        ErrorCode.INVALID_PARAMETER, "The parameter " + name + " must be true or false.");
        };
    }

    /**
     * An optional text out of a query, decoded.
     *
     * @param query as it stands in the request, where escapes are whole
     * @throws TrunklineException {@code INVALID_PARAMETER} for one that is given twice, or is not UTF-8
     */
    static Optional<String> text(String name, @Nullable String query) {
        if (query == null) {
            return Optional.empty();
        }
        Optional<String> text = Optional.empty();
        for (String pair : query.split("&")) {
            int equals = pair.indexOf('=');
            byte[] key = decoded(equals < 0 ? pair : pair.substring(0, equals));
            if (Arrays.equals(key, name.getBytes(StandardCharsets.UTF_8))) {
                byte[] value = decoded(equals < 0 ? "" : pair.substring(equals + 1));
                if (text.isPresent() || !Utf8.isValid(value, 0, value.length)) {
                    throw new TrunklineException(
                            ErrorCode.INVALID_PARAMETER,
                            "The parameter " + name
                                    + " must be given once, and be UTF-8 once its escapes are decoded.");
                }
                text = Optional.of(new String(value, StandardCharsets.UTF_8));
            }
        }
        return text;
    }

    /** Whether a query says {@code true}: not so where it says {@code false}, or nothing. As {@link #text} and {@link #bool}. */
    static boolean flag(String name, @Nullable String query) {
        return text(name, query).flatMap(text -> bool(name, text)).orElse(false);
    }

    /** As forms encode it: a plus sign is a space. Of several bytes where the query was not ASCII. */
    private static byte[] decoded(String text) {
        byte[] escaped = text.getBytes(StandardCharsets.UTF_8);
        byte[] plain = new byte[escaped.length];
        int length = 0;
        for (int i = 0; i < escaped.length; i++) {
            if (escaped[i] == '%' && i + 2 < escaped.length) {
                plain[length++] =
                        (byte) (Character.digit(escaped[i + 1], 16) << 4 | Character.digit(escaped[i + 2], 16));
                i += 2;
            } else {
                plain[length++] = escaped[i] == '+' ? (byte) ' ' : escaped[i];
            }
        }
        return Arrays.copyOf(plain, length);
    }

    private static long required(String name, String text, long least, long most) {
        try {
            long number = DIGITS.matcher(text).matches() ? Long.parseLong(text) : -1;
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw outOfBounds(name, least, most); // 19 digits beyond the range of a long
        }
        throw outOfBounds(name, least, most);
    }

    private static TrunklineException outOfBounds(String name, long least, long most) {
        return new TrunklineException(
                ErrorCode.INVALID_PARAMETER,
                "The parameter " + name + " must be a whole number from " + least + " to " + most + ".");
    }
}
