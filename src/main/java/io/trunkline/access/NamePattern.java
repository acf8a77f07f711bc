package io.trunkline.access;

/**
 * The names that a rule is about.
 *
 * @param text a name, or what names begin with
 * @param prefix whether it stands for all names that begin with the text
 */
public record NamePattern(String text, boolean prefix) {
    /** All names. */
    public static final NamePattern ALL = new NamePattern("", true);

    private static final int LONGEST = 255;

    public NamePattern {
        if (text.codePointCount(0, text.length()) > LONGEST || text.isEmpty() && !prefix) {
            throw new IllegalArgumentException("a name has 1 to 255 characters");
        }
    }

    /** Reads a pattern: a name, a prefix with {@code *} behind it, or {@code *} for all. */
    public static NamePattern parse(String text) {
        return text.endsWith("*")
                ? new NamePattern(text.substring(0, text.length() - 1), true)
                : new NamePattern(text, false);
    }

    public boolean matches(String name) {
        return prefix ? name.startsWith(text) : name.equals(text);
    }

    /** As {@link #parse} reads it. */
    @Override
    public String toString() {
        return prefix ? text + "*" : text;
    }
}
