package io.trunkline.filter;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A text that bytes are compared with: as they are, or as what stands between the quotes of a JSON string. */
final class Text {
    private final byte[] utf8;

    /** @param text without half surrogate pairs, for which there are no bytes */
    Text(String text) {
        utf8 = text.getBytes(StandardCharsets.UTF_8);
    }

    boolean isAll(byte[] bytes, int from, int to) {
        return Arrays.equals(bytes, from, to, utf8, 0, utf8.length);
    }

    boolean begins(byte[] bytes, int from, int to) {
        return to - from >= utf8.length && isAll(bytes, from, from + utf8.length);
    }

    /** Whether the content of a JSON string is this text. It is well-formed, and is looked at no further than it is the same. */
    boolean isAllOfString(byte[] bytes, int from, int to) {
        return ofString(bytes, from, to, false);
    }

    /** Whether the content of a JSON string begins with this text. It is well-formed. */
    boolean beginsString(byte[] bytes, int from, int to) {
        return ofString(bytes, from, to, true);
    }

    private boolean ofString(byte[] bytes, int from, int to, boolean prefix) {
        int at = from;
        int done = 0;
        while (at < to && done < utf8.length) {
            byte b = bytes[at];
            if (b != '\\') {
                if (b != utf8[done]) {
                    return false;
                }
                at++;
                done++;
            } else if (bytes[at + 1] != 'u') {
                if (plain(bytes[at + 1]) != utf8[done]) {
                    return false;
                }
                at += 2;
                done++;
            } else {
                int unit = unit(bytes, at);
                int low = at + 12 <= to && bytes[at + 6] == '\\' && bytes[at + 7] == 'u' ? unit(bytes, at + 6) : -1;
                boolean pair = isBetween(unit, Character.MIN_HIGH_SURROGATE, Character.MAX_HIGH_SURROGATE)
                        && isBetween(low, Character.MIN_LOW_SURROGATE, Character.MAX_LOW_SURROGATE);
                int character = pair ? Character.toCodePoint((char) unit, (char) low) : unit;
                int length = lengthOf(character);
                if (length > utf8.length - done || !isAt(character, length, done)) {
                    return false; // half a pair too, as no text has one
                }
                at += pair ? 12 : 6;
                done += length;
            }
        }
        return done == utf8.length && (prefix || at == to);
    }

    private static boolean isBetween(int unit, char least, char most) {
        return unit >= least && unit <= most;
    }

    /** What a backslash and this character stand for. */
    private static byte plain(byte escaped) {
        return switch (escaped) {
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            default -> escaped;
        };
    }

    /** The UTF-16 unit of the escape that begins at a place. */
    private static int unit(byte[] bytes, int at) {
        int unit = 0;
        for (int i = at + 2; i < at + 6; i++) {
            unit = unit << 4 | Character.digit(bytes[i], 16);
        }
        return unit;
    }

    private static int lengthOf(int character) {
        return character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x1_0000 ? 3 : 4;
    }

    /** Whether the UTF-8 of a character, of this length, stands at a place of the text. */
    private boolean isAt(int character, int length, int place) {
        if (length == 1) {
            return utf8[place] == character;
        }
        int rest = character;
        for (int i = place + length - 1; i > place; i--) {
            if ((utf8[i] & 0xff) != (0x80 | (rest & 0x3f))) {
                return false;
            }
            rest >>= 6;
        }
        // As many bits as there are bytes, and a 0.
        return (utf8[place] & 0xff) == (((0xf00 >> length) & 0xff) | rest);
    }
}
