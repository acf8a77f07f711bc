package io.trunkline.topic;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.util.Optional;
import java.util.regex.Pattern;

/** A topic's name, by Kafka's rules: 1 to 249 of {@code a-z A-Z 0-9 . _ -}, and neither {@code .} nor {@code ..}. */
public record TopicName(String value) {
    private static final Pattern LEGAL = Pattern.compile("(?!\\.{1,2}$)[a-zA-Z0-9._-]{1,249}");

    public TopicName {
        if (!LEGAL.matcher(value).matches()) {
            throw new IllegalArgumentException("illegal topic name");
        }
    }

    /**
     * The name in untrusted text.
     *
     * @throws TrunklineException {@code INVALID_TOPIC}
     */
    public static TopicName parse(String text) {
        if (!LEGAL.matcher(text).matches()) {
            throw new TrunklineException(
                    ErrorCode.INVALID_TOPIC,
                    "A topic name has 1 to 249 characters of a-z, A-Z, 0-9, '.', '_' and '-', and is not '.' or '..'.");
        }
        return new TopicName(text);
    }

    /** The name in a row, which is empty for one that no topic can have. */
    public static Optional<TopicName> stored(String text) {
        return LEGAL.matcher(text).matches() ? Optional.of(new TopicName(text)) : Optional.empty();
    }

    @Override
    public String toString() {
        return value;
    }
}
