package io.trunkline.filter;

import java.util.Arrays;

/**
 * A number that JSON numbers are compared with by value, digit by digit: 1, 1.0 and 10e-1 are the same, and no number is too long or
 * has too large an exponent to be looked at.
 */
final class Decimal {
    /** An exponent of more digits than this is not taken for one of a filter. */
    static final int MOST_EXPONENT_DIGITS = 9;

    /** Beyond every exponent of a filter, whatever point a number has. */
    private static final long ENDLESS = 1L << 60;

    private final boolean negative;
    /** From the first that is not 0 to the last one; none for 0. */
    private final byte[] digits;
    /** The number is 0.DIGITS times ten to this power. */
    private final long exponent;

    private Decimal(boolean negative, byte[] digits, long exponent) {
        this.negative = negative;
        this.digits = digits;
        this.exponent = exponent;
    }

    /** @param ascii a JSON number, whose exponent has at most {@link #MOST_EXPONENT_DIGITS} digits */
    static Decimal of(byte[] ascii) {
        byte[] digits = new byte[ascii.length];
        int count = 0;
        int last = 0;
        for (int i = 0; i < ascii.length && (ascii[i] | ' ') != 'e'; i++) {
            if (isDigit(ascii[i]) && (count > 0 || ascii[i] != '0')) {
                digits[count++] = ascii[i];
                last = ascii[i] == '0' ? last : count;
            }
        }
        return new Decimal(ascii[0] == '-', Arrays.copyOf(digits, last), exponentOf(ascii, 0, ascii.length));
    }

    /** Whether the text of a JSON number has this value. */
    boolean equalsNumber(byte[] bytes, int from, int to) {
        int done = 0;
        boolean zero = true;
        int at = from;
        for (; at < to && (bytes[at] | ' ') != 'e'; at++) {
            byte b = bytes[at];
            if (!isDigit(b) || (zero && b == '0')) {
                continue; // a sign, a point, or a 0 before all others
            }
            zero = false;
            if (b != (done < digits.length ? digits[done] : '0')) {
                return false;
            }
            done = Math.min(digits.length, done + 1);
        }
        if (zero || digits.length == 0) {
            return zero && digits.length == 0;
        }
        return done == digits.length && negative == (bytes[from] == '-') && exponentOf(bytes, from, to) == exponent;
    }

    /** Where the point would stand before the first digit that is not 0. */
    private static long exponentOf(byte[] bytes, int from, int to) {
        long point = 0;
        boolean zero = true;
        boolean fraction = false;
        int at = from;
        for (; at < to && (bytes[at] | ' ') != 'e'; at++) {
            byte b = bytes[at];
            if (b == '.') {
                fraction = true;
            } else if (isDigit(b)) {
                zero &= b == '0';
                if (fraction && zero) {
                    point--;
                } else if (!fraction && !zero) {
                    point++;
                }
            }
        }
        if (at == to) {
            return point;
        }
        boolean down = bytes[at + 1] == '-';
        long exponent = 0;
        for (at++; at < to; at++) {
            if (isDigit(bytes[at])) {
                exponent = exponent >= ENDLESS / 10 ? ENDLESS : exponent * 10 + bytes[at] - '0';
            }
        }
        return point + (down ? -exponent : exponent);
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }
}
