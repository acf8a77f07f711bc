package io.trunkline.json;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/** A growing body of JSON text, written piece by piece without a tree. */
public final class JsonBuffer {
    private static final int LONGEST_NUMBER = 20;
    private static final JsonStringEncoder ENCODER = JsonStringEncoder.getInstance();

    private byte[] bytes;
    private int length;

    public JsonBuffer(int capacity) {
        bytes = new byte[Math.max(64, capacity)];
    }

    /** Text of the grammar, or names that need no escaping: ASCII only. */
    @SuppressWarnings("deprecation") // copies ASCII without encoding it, which is what is wanted
    public JsonBuffer ascii(String text) {
        int size = text.length();
        room(size);
        text.getBytes(0, size, bytes, length);
        length += size;
        return this;
    }

    /** Bytes that are JSON or part of it already. */
    public JsonBuffer raw(byte[] json) {
        return raw(json, 0, json.length);
    }

    /** Part of an array that is JSON or part of it already. */
    public JsonBuffer raw(byte[] source, int from, int size) {
        room(size);
        System.arraycopy(source, from, bytes, length, size);
        length += size;
        return this;
    }

    public int length() {
        return length;
    }

    public int capacity() {
        return bytes.length;
    }

    /** Takes back what was written after a length. */
    public void backTo(int shorter) {
        length = Math.min(length, shorter);
    }

    /** Puts what was written after a length on one line: in JSON, line breaks stand between tokens only, where a space does as well. */
    public void onOneLine(int from) {
        for (int i = from; i < length; i++) {
            if (bytes[i] == '\n' || bytes[i] == '\r') {
                bytes[i] = ' ';
            }
        }
    }

    /** Begins again, in the same memory. */
    public void clear() {
        length = 0;
    }

    public void writeTo(ByteBuf out) {
        out.writeBytes(bytes, 0, length);
    }

    public void writeTo(OutputStream out) throws IOException {
        out.write(bytes, 0, length);
    }

    public JsonBuffer number(long number) {
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
    public JsonBuffer string(String text) {
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
    public JsonBuffer utf8String(byte[] source, int from, int size) {
        for (int i = from; i < from + size; i++) {
            byte b = source[i];
            if (b == '"' || b == '\\' || (b >= 0 && b < ' ')) {
                return string(new String(source, from, size, StandardCharsets.UTF_8));
            }
        }
        room(size + 2);
        bytes[length++] = '"';
        System.arraycopy(source, from, bytes, length, size);
        length += size;
        bytes[length++] = '"';
        return this;
    }

    public JsonBuffer base64(byte[] source, int from, int size) {
        ByteBuffer encoded = Base64.getEncoder().encode(ByteBuffer.wrap(source, from, size));
        room(encoded.remaining() + 2);
        bytes[length++] = '"';
        int more = encoded.remaining();
        encoded.get(bytes, length, more);
        length += more;
        bytes[length++] = '"';
        return this;
    }

    public byte[] toBytes() {
        return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
    }

    private void room(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }
}
