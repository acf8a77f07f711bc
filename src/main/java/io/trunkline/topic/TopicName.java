package io.trunkline.topic;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.util.Optional;

/** A topic's name, by Kafka's rules: 1 to 249 of {@code a-z A-Z 0-9 . _ -}, and neither {@code .} nor {@code ..}. */
public record TopicName(String value) {
    private static final int LONGEST = 249;

    public TopicName {
        if (!isLegal(value)) {
            throw new IllegalArgumentException("illegal topic name");
        }
    }

    /** @throws TrunklineException {@code INVALID_TOPIC} */
    public static TopicName parse(String text) {
        if (!isLegal(text)) {
            throw new TrunklineException(
                    ErrorCode.INVALID_TOPIC,
                    "A topic name has 1 to 249 characters of a-z, A-Z, 0-9, '.', '_' and '-', and is not '.' or '..'.");
        }
        return new TopicName(text);
    }

    /** The name in a row, which is empty for one that no topic can have. */
    public static Optional<TopicName> stored(String text) {
        return isLegal(text) ? Optional.of(new TopicName(text)) : Optional.empty();
    }

    /** Without a regular expression: every request names a topic. */
    private static boolean isLegal(String text) {
        if (text.isEmpty() || text.length() > LONGEST || text.equals(".") || text.equals("..")) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean legal = c >= 'a' && c <= 'z'
                    || c >= 'A' && c <= 'Z'
                    || c >= '0' && c <= '9'
                    || c == '.'
                    || c == '_'
                    || c == '-';
            if (!legal) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return value;
    }
}
