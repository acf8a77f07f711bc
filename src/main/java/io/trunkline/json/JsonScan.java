package io.trunkline.json;

import java.nio.charset.StandardCharsets;

/**
 * Finds its way in the text of JSON that {@link JsonText#isValid} accepts, without reading it into objects. Places are indexes of
 * the array that holds it.
 */
public final class JsonScan {
    private final byte[] bytes;
    private final int to;

    /** @param to where the text ends */
    public JsonScan(byte[] bytes, int to) {
        this.bytes = bytes;
        this.to = to;
    }

    /** What is done with each member of an object. */
    public interface Members {
        /**
         * Takes a member.
         *
         * @param nameFrom the beginning of its name, after the quote
         * @param nameTo the end of its name, before the quote
         * @param from the beginning of its value
         */
        void take(int nameFrom, int nameTo, int from);
    }

    /** What is done with each element of an array. */
    public interface Elements {
        /** Takes an element that begins at a place. Returns whether to go on. */
        boolean take(int from);
    }

    /** Goes through the members of the object that begins at a place. */
    public void members(int start, Members members) {
        int at = space(start + 1);
        while (bytes[at] == '"') {
            int end = value(at);
            int from = space(space(end) + 1);
            members.take(at + 1, end - 1, from);
            at = space(value(from));
            if (bytes[at] == ',') {
                at = space(at + 1);
            }
        }
    }

    /** Goes through the elements of the array that begins at a place. */
    public void elements(int start, Elements elements) {
        int at = space(start + 1);
        while (bytes[at] != ']' && elements.take(at)) {
            at = space(value(at));
            if (bytes[at] == ',') {
                at = space(at + 1);
            }
        }
    }

    /** Where the space that may begin at a place ends. */
    public int space(int start) {
        int at = start;
        while (at < to && (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\r' || bytes[at] == '\t')) {
            at++;
        }
        return at;
    }

    /** Where the value that begins at a place ends. */
    public int value(int start) {
        int depth = 0;
        int at = start;
        do {
            switch (bytes[at]) {
                case '"' -> at = string(at);
                case '{', '[' -> {
                    depth++;
                    at++;
                }
                case '}', ']' -> {
                    depth--;
                    at++;
                }
                case ',', ':', ' ', '\t', '\r', '\n' -> at++;
                default -> at = word(at);
            }
        } while (depth > 0);
        return at;
    }

    private int string(int start) {
        int at = start + 1;
        while (bytes[at] != '"') {
            at += bytes[at] == '\\' ? 2 : 1;
        }
        return at + 1;
    }

    /** The end of a number, or of true, false or null. */
    private int word(int start) {
        int at = start;
        while (at < to && "}],: \t\r\n".indexOf(bytes[at]) < 0) {
            at++;
        }
        return at;
    }

    /** What stands between two quotes, without escapes. Half surrogate pairs stay what they are. */
    public String text(int from, int end) {
        String text = new String(bytes, from, end - from, StandardCharsets.UTF_8);
        return text.indexOf('\\') < 0 ? text : unescaped(text);
    }

    private static String unescaped(String text) {
        StringBuilder plain = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                plain.append(c);
                continue;
            }
            i++;
            switch (text.charAt(i)) {
                case 'b' -> plain.append('\b');
                case 'f' -> plain.append('\f');
                case 'n' -> plain.append('\n');
                case 'r' -> plain.append('\r');
                case 't' -> plain.append('\t');
                case 'u' -> {
                    plain.append((char) Integer.parseInt(text, i + 1, i + 5, 16));
                    i += 4;
                }
                default -> plain.append(text.charAt(i));
            }
        }
        return plain.toString();
    }
}
