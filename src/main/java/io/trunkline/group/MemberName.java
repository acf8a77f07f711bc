package io.trunkline.group;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;

/** The name of a consumer within its group, by the same rules as that of a group. */
public record MemberName(String value) {
    public MemberName {
        if (!GroupName.LEGAL.matcher(value).matches()) {
            throw new IllegalArgumentException("illegal consumer name");
        }
    }

    /** @throws TrunklineException {@code INVALID_CONSUMER_CONFIG} */
    public static MemberName parse(String text) {
        if (!GroupName.LEGAL.matcher(text).matches()) {
            throw new TrunklineException(
                    ErrorCode.INVALID_CONSUMER_CONFIG,
                    "name: a consumer's name has 1 to 255 characters, none of them '/' or a control character, and is not"
                            + " '.' or '..'.");
        }
        return new MemberName(text);
    }

    @Override
    public String toString() {
        return value;
    }
}
