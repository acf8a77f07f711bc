package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.util.regex.Pattern;

/**
 * What a client calls a request, so that a repetition is recognized.
 *
 * @param value 1 to 255 visible ASCII characters
 */
record IdempotencyKey(String value) {
    static final String HEADER = "Idempotency-Key";
    private static final Pattern LEGAL = Pattern.compile("[!-~]{1,255}");

    IdempotencyKey {
        if (!LEGAL.matcher(value).matches()) {
            throw new IllegalArgumentException("illegal idempotency key");
        }
    }

    /** @throws TrunklineException {@code INVALID_PARAMETER} */
    static IdempotencyKey parse(String text) {
        if (!LEGAL.matcher(text).matches()) {
            throw new TrunklineException(
                    ErrorCode.INVALID_PARAMETER,
                    "The header " + HEADER + " must have 1 to 255 visible ASCII characters, without spaces.");
        }
        return new IdempotencyKey(text);
    }
}
