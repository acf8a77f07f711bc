package io.trunkline.group;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A consumer group's name, Kafka's {@code group.id}: 1 to 255 characters without control characters and slashes, and
 * neither {@code .} nor {@code ..}, which cannot stand in a path.
 */
public record GroupName(String value) {
    static final Pattern LEGAL = Pattern.compile("(?!\\.{1,2}$)[^\\p{Cc}\\p{Cs}/]{1,255}");

    public GroupName {
        if (!LEGAL.matcher(value).matches()) {
            throw new IllegalArgumentException("illegal group name");
        }
    }

    /** @throws TrunklineException {@code INVALID_GROUP} */
    public static GroupName parse(String text) {
        if (!LEGAL.matcher(text).matches()) {
            throw new TrunklineException(
                    ErrorCode.INVALID_GROUP,
                    "A group name has 1 to 255 characters, none of them '/' or a control character, and is not '.' or '..'.");
        }
        return new GroupName(text);
    }

    /** The name in a row, which is empty for one that no group can have. */
    static Optional<GroupName> stored(String text) {
        return LEGAL.matcher(text).matches() ? Optional.of(new GroupName(text)) : Optional.empty();
    }

    @Override
    public String toString() {
        return value;
    }
}
