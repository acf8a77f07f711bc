package io.trunkline.rest;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/** A growing body of JSON text, written piece by piece without a tree. */
final class JsonBuffer {
    private static final int LONGEST_NUMBER = 20;
    private static final JsonStringEncoder ENCODER = JsonStringEncoder.getInstance();

    private byte[] bytes;
    private int length;

    JsonBuffer(int capacity) {
        bytes = new byte[Math.max(64, capacity)];
    }

    /** Text of the grammar, or names that need no escaping: ASCII only. */
    @SuppressWarnings("deprecation") // copies ASCII without encoding it, which is what is wanted
    JsonBuffer ascii(String text) {
        int size = text.length();
        room(size);
        text.getBytes(0, size, bytes, length);
        length += size;
        return this;
    }

    /** Bytes that are JSON or part of it already. */
    JsonBuffer raw(byte[] json) {
        room(json.length);
        System.arraycopy(json, 0, bytes, length, json.length);
        length += json.length;
        return this;
    }

    JsonBuffer number(long number) {
        room(LONGEST_NUMBER);
        if (number < 0 || number >= 1_000_000_000_000_000_000L) {
            return ascii(Long.toString(number));
        }
        int digits = 1;
        for (long limit = 10; number >= limit && digits < 18; limit *= 10) {
            digits++;
        }
        long rest = number;
        for (int at = length + digits - 1; at >= length; at--) {
            bytes[at] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        length += digits;
        return this;
    }

    /** A quoted string, escaped where it must be. */
    JsonBuffer string(String text) {
        // Half a surrogate pair, which a cut can leave, has no UTF-8 and becomes a question mark.
        boolean encodable = Utf8.encode(text).isPresent();
        byte[] quoted = ENCODER.quoteAsUTF8(
                encodable ? text : new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
        room(quoted.length + 2);
        bytes[length++] = '"';
        System.arraycopy(quoted, 0, bytes, length, quoted.length);
        length += quoted.length;
        bytes[length++] = '"';
        return this;
    }

    /** A quoted string of valid UTF-8, escaped where it must be. */
    JsonBuffer utf8String(byte[] text) {
        return string(new String(text, StandardCharsets.UTF_8));
    }

    /** A quoted string of base64. */
    JsonBuffer base64(byte[] data) {
        byte[] encoded = Base64.getEncoder().encode(data);
        room(encoded.length + 2);
        bytes[length++] = '"';
        System.arraycopy(encoded, 0, bytes, length, encoded.length);
        length += encoded.length;
        bytes[length++] = '"';
        return this;
    }

    byte[] toBytes() {
        return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
    }

    private void room(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }
}
