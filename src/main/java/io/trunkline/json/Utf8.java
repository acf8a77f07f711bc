package io.trunkline.json;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** UTF-8 as it is defined (RFC 3629), with nothing replaced on the way. */
public final class Utf8 {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    /** The highest bit of each of eight bytes. */
    private static final long NOT_ASCII = 0x8080_8080_8080_8080L;

    private Utf8() {}

    /** The bytes of a text, or empty when it has half a surrogate pair, for which there are none. */
    public static Optional<byte[]> encode(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                boolean pair = Character.isHighSurrogate(c)
                        && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1));
                if (!pair) {
                    return Optional.empty();
                }
                i++;
            }
        }
        return Optional.of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Whether bytes are well-formed: no overlong form, no surrogate, nothing beyond U+10FFFF, nothing cut off. */
    public static boolean isValid(byte[] bytes, int from, int to) {
        int i = from;
        while (i < to) {
            if (to - i >= Long.BYTES && ((long) LONG.get(bytes, i) & NOT_ASCII) == 0) {
                i += Long.BYTES;
                continue;
            }
            int b = bytes[i++];
            if (b >= 0) {
                continue;
            }
            int lead = b & 0xff;
            int more;
            int least = 0x80;
            int most = 0xbf;
            if (lead >= 0xc2 && lead <= 0xdf) {
                more = 1;
            } else if (lead >= 0xe0 && lead <= 0xef) {
                more = 2;
                least = lead == 0xe0 ? 0xa0 : 0x80;
                most = lead == 0xed ? 0x9f : 0xbf;
            } else if (lead >= 0xf0 && lead <= 0xf4) {
                more = 3;
                least = lead == 0xf0 ? 0x90 : 0x80;
                most = lead == 0xf4 ? 0x8f : 0xbf;
            } else {
                return false;
            }
            if (to - i < more) {
                return false;
            }
            int second = bytes[i] & 0xff;
            if (second < least || second > most) {
                return false;
            }
            for (int k = 1; k < more; k++) {
                if ((bytes[i + k] & 0xc0) != 0x80) {
                    return false;
                }
            }
            i += more;
        }
        return true;
    }
}
