package io.trunkline.json;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A place in JSON values (RFC 6901), found in their text without reading them into objects. Where an object has a name more than
 * once, the last one counts, as for most readers of JSON.
 */
public final class JsonPointer {
    /** Returned for a value that has nothing at the place. */
    public static final long NOTHING = -1;

    private static final int MOST_TOKENS = 100;
    /** No group that repeats: Java would go as deep as the text is long. */
    private static final Pattern ILLEGAL = Pattern.compile("~(?![01])");

    private final List<Token> tokens;

    private JsonPointer(List<Token> tokens) {
        this.tokens = tokens;
    }

    /** A name or an index: as text, and as the bytes of a name without escapes. */
    private record Token(String text, byte[] bytes, int index) {
        static Token of(String escaped) {
            String text = escaped.replace("~1", "/").replace("~0", "~");
            return new Token(text, text.getBytes(StandardCharsets.UTF_8), index(text));
        }

        /** -1 for what is no index of an array. */
        private static int index(String text) {
            return text.matches("0|[1-9][0-9]{0,8}") ? Integer.parseInt(text) : -1;
        }
    }

    /**
     * Reads a pointer. The empty text stands for the whole value.
     *
     * @param parameter the name of the parameter that holds the text, for the message
     * @throws TrunklineException {@code INVALID_PARAMETER}
     */
    public static JsonPointer parse(String parameter, String text) {
        if (!text.isEmpty() && text.charAt(0) != '/' || ILLEGAL.matcher(text).find()) {
            throw new TrunklineException(
                    ErrorCode.INVALID_PARAMETER,
                    "The parameter " + parameter + " must be a JSON pointer (RFC 6901) such as /customer/id.");
        }
        List<Token> tokens = new ArrayList<>();
        if (!text.isEmpty()) {
            for (String token : text.substring(1).split("/", MOST_TOKENS + 1)) {
                tokens.add(Token.of(token));
            }
        }
        if (tokens.size() > MOST_TOKENS) {
            throw new TrunklineException(
                    ErrorCode.INVALID_PARAMETER,
                    "The parameter " + parameter + " must have at most " + MOST_TOKENS + " parts.");
        }
        return new JsonPointer(List.copyOf(tokens));
    }

    /**
     * Finds the place in the text of a value.
     *
     * @param bytes hold one value from {@code from} to before {@code to} that {@link JsonText#isValid} accepts
     * @return where the text of what is there begins, shifted by 32 bits, and where it ends; {@link #NOTHING} without it
     */
    public long find(byte[] bytes, int from, int to) {
        return new Search(bytes, to).seek(from, 0);
    }

    /** The beginning of what {@link #find} has found. */
    public static int from(long found) {
        return (int) (found >>> 32);
    }

    /** The end of what {@link #find} has found. */
    public static int to(long found) {
        return (int) found;
    }

    private final class Search {
        private final byte[] bytes;
        private final JsonScan scan;

        Search(byte[] bytes, int to) {
            this.bytes = bytes;
            scan = new JsonScan(bytes, to);
        }

        private long seek(int before, int level) {
            int at = scan.space(before);
            if (level == tokens.size()) {
                return (long) at << 32 | scan.value(at);
            }
            Token token = tokens.get(level);
            long[] found = {NOTHING};
            if (bytes[at] == '{') {
                scan.members(at, (nameFrom, nameTo, from) -> {
                    if (isNamed(nameFrom, nameTo, token)) {
                        found[0] = seek(from, level + 1);
                    }
                });
            } else if (bytes[at] == '[' && token.index() >= 0) {
                int[] left = {token.index()};
                scan.elements(at, from -> {
                    if (left[0] == 0) {
                        found[0] = seek(from, level + 1);
                    }
                    return left[0]-- > 0;
                });
            }
            return found[0];
        }

        private boolean isNamed(int from, int end, Token token) {
            for (int i = from; i < end; i++) {
                if (bytes[i] == '\\') {
                    return scan.text(from, end).equals(token.text());
                }
            }
            return Arrays.equals(bytes, from, end, token.bytes(), 0, token.bytes().length);
        }
    }
}
