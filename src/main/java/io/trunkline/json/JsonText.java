package io.trunkline.json;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Tells JSON text (RFC 8259) from other bytes. Every record of an answer in the JSON format is looked at, so it makes no
 * tokens and no objects.
 */
public final class JsonText {
    /** As deep as the parser of the requests goes. */
    private static final int MOST_DEPTH = 1000;

    private static final int INVALID = -1;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final long ONES = 0x0101_0101_0101_0101L;
    private static final long HIGHEST_BITS = 0x8080_8080_8080_8080L;
    private static final long CONTROL_LIMITS = ONES * ' ';
    private static final long QUOTES = ONES * '"';
    private static final long BACKSLASHES = ONES * '\\';

    private final byte[] bytes;
    private final int to;
    private boolean ascii = true;

    private JsonText(byte[] bytes, int to) {
        this.bytes = bytes;
        this.to = to;
    }

    /** Whether bytes are one JSON value in UTF-8, with nothing but space around it. */
    public static boolean isValid(byte[] bytes, int from, int to) {
        JsonText text = new JsonText(bytes, to);
        int end = text.value(text.space(from), 0);
        return end != INVALID && text.space(end) == to && (text.ascii || Utf8.isValid(bytes, from, to));
    }

    /** Reads a value; answers where it ends. */
    private int value(int at, int depth) {
        if (at >= to || depth > MOST_DEPTH) {
            return INVALID;
        }
        return switch (bytes[at]) {
            case '"' -> string(at);
            case '{' -> members(at, depth, true);
            case '[' -> members(at, depth, false);
            case 't' -> word(at, "true");
            case 'f' -> word(at, "false");
            case 'n' -> word(at, "null");
            default -> number(at);
        };
    }

    /** An object, or an array. */
    private int members(int start, int depth, boolean named) {
        byte close = (byte) (named ? '}' : ']');
        int at = space(start + 1);
        if (at < to && bytes[at] == close) {
            return at + 1;
        }
        while (true) {
            if (named) {
                if (at >= to || bytes[at] != '"') {
                    return INVALID;
                }
                at = string(at);
                if (at == INVALID) {
                    return INVALID;
                }
                at = space(at);
                if (at >= to || bytes[at] != ':') {
                    return INVALID;
                }
                at = space(at + 1);
            }
            at = value(at, depth + 1);
            if (at == INVALID) {
                return INVALID;
            }
            at = space(at);
            if (at >= to) {
                return INVALID;
            }
            if (bytes[at] == close) {
                return at + 1;
            }
            if (bytes[at] != ',') {
                return INVALID;
            }
            at = space(at + 1);
        }
    }

    private int string(int start) {
        int at = start + 1;
        while (at < to) {
            if (to - at >= Long.BYTES && isPlain((long) LONG.get(bytes, at))) {
                at += Long.BYTES;
                continue;
            }
            byte b = bytes[at++];
            if (b == '"') {
                return at;
            }
            if (b == '\\') {
                at = escape(at);
                if (at == INVALID) {
                    return INVALID;
                }
            } else if (b < ' ') {
                if (b >= 0) {
                    return INVALID;
                }
                ascii = false;
            }
        }
        return INVALID;
    }

    /** Whether eight bytes are all ASCII, and none is a quote, a backslash or a control character. */
    private static boolean isPlain(long eight) {
        long quotes = eight ^ QUOTES;
        long backslashes = eight ^ BACKSLASHES;
        // Bytes below a limit, or equal to zero, borrow from their highest bit (Warren, Hacker's Delight, 6-1).
        long special = (eight - CONTROL_LIMITS) | (quotes - ONES) | (backslashes - ONES) | eight;
        return (special & HIGHEST_BITS) == 0;
    }

    private int escape(int at) {
        if (at >= to) {
            return INVALID;
        }
        return switch (bytes[at]) {
            case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> at + 1;
            case 'u' -> {
                for (int i = at + 1; i <= at + 4; i++) {
                    if (i >= to || Character.digit(bytes[i], 16) < 0) {
                        yield INVALID;
                    }
                }
                yield at + 5;
            }
            default -> INVALID;
        };
    }

    private int word(int at, String word) {
        if (to - at < word.length()) {
            return INVALID;
        }
        for (int i = 0; i < word.length(); i++) {
            if (bytes[at + i] != word.charAt(i)) {
                return INVALID;
            }
        }
        return at + word.length();
    }

    private int number(int start) {
        int at = bytes[start] == '-' ? start + 1 : start;
        int whole = digits(at);
        if (whole == at || (bytes[at] == '0' && whole > at + 1)) {
            return INVALID;
        }
        at = whole;
        if (at < to && bytes[at] == '.') {
            int fraction = digits(at + 1);
            if (fraction == at + 1) {
                return INVALID;
            }
            at = fraction;
        }
        if (at < to && (bytes[at] == 'e' || bytes[at] == 'E')) {
            int sign = at + 1;
            if (sign < to && (bytes[sign] == '+' || bytes[sign] == '-')) {
                sign++;
            }
            at = digits(sign);
            if (at == sign) {
                return INVALID;
            }
        }
        return at;
    }

    /** Where the digits end. */
    private int digits(int start) {
        int at = start;
        while (at < to && bytes[at] >= '0' && bytes[at] <= '9') {
            at++;
        }
        return at;
    }

    /** Where the space ends. */
    private int space(int start) {
        int at = start;
        while (at < to && (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\r' || bytes[at] == '\t')) {
            at++;
        }
        return at;
    }
}
