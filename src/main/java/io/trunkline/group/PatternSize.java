package io.trunkline.group;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How large RE2/J's program for a pattern becomes at most, computed from the text alone. RE2/J expands counted repetitions,
 * and nested ones multiply: 43 characters can ask for 1,000,000,000 instructions. The estimate follows RE2/J's own parser
 * wherever that decides what a repetition applies to. It is never below the real size; for a text that is not a regular
 * expression it is any number.
 */
final class PatternSize {
    /** Far beyond what is allowed, so that sums and products stop there instead of overflowing. */
    private static final long ENOUGH = 1_000_000_000;

    /** The instructions that every program has: for no match and for a match. */
    private static final long FRAME = 2;

    /** The most ranges of a Unicode class take as much memory as this many instructions; copies share them. */
    private static final long UNICODE_CLASS = 80;

    /** Without regard to case, RE2/J folds a range character by character, which takes time beyond ASCII. */
    private static final long FOLDED_RANGE = 100;

    private static final Pattern REPETITION = Pattern.compile("\\{([0-9]+)(?:,([0-9]*))?}");
    private static final int MOST_DIGITS = 8;

    private final String text;
    private final boolean foldsCase;
    private int at;
    private Level level = new Level(null, false);
    /** What classes take beside their instructions. */
    private long tables;

    private PatternSize(String text) {
        this.text = text;
        foldsCase = text.contains("(?");
    }

    /** A group, or the whole pattern. */
    private static final class Level {
        private final @Nullable Level outer;
        private final boolean captures;
        private long before;
        /** The instructions of what a repetition that follows would repeat. */
        private long last;

        Level(@Nullable Level outer, boolean captures) {
            this.outer = outer;
            this.captures = captures;
        }

        void add(long size) {
            before = capped(before + last);
            last = size;
        }

        /** An alternative has an instruction of its own, and another one where it is empty. */
        void alternative() {
            before = capped(before + last + 2);
            last = 0;
        }

        /** Copies, and instructions that choose between them. */
        void repeat(long copies, long choices) {
            last = capped(copies * last + choices);
        }

        long size() {
            return capped(Math.max(1, before + last) + (captures ? 2 : 0));
        }
    }

    /** Instructions of about 150 bytes each, with what is as large as that. */
    static long of(String text) {
        return new PatternSize(text).estimate();
    }

    private long estimate() {
        while (at < text.length()) {
            switch (text.charAt(at)) {
                case '(' -> open();
                case ')' -> close();
                case '|' -> {
                    at++;
                    level.alternative();
                }
                case '[' -> {
                    characterClass();
                    level.add(1);
                }
                // The star of what may be empty is a + and a ?.
                case '*', '+', '?' -> level.repeat(1, text.charAt(at++) == '*' ? 2 : 1);
                case '{' -> repetition();
                case '\\' -> escape();
                default -> {
                    at++;
                    level.add(1);
                }
            }
        }
        while (level.outer != null) {
            end(level.outer);
        }
        return capped(level.size() + tables + FRAME);
    }

    private void open() {
        if (text.startsWith("(?P<", at) || text.startsWith("(?<", at)) {
            at = after('>', at);
            level = new Level(level, true);
        } else if (text.startsWith("(?", at)) {
            at += 2;
            while (at < text.length() && ":)".indexOf(text.charAt(at)) < 0) {
                at++;
            }
            // Flags without a group leave what a repetition applies to as it was.
            if (at < text.length() && text.charAt(at++) == ':') {
                level = new Level(level, false);
            }
        } else {
            at++;
            level = new Level(level, true);
        }
    }

    private void close() {
        at++;
        if (level.outer != null) {
            end(level.outer);
        }
    }

    private void end(Level outer) {
        long size = level.size();
        level = outer;
        level.add(size);
    }

    /** {@code {n}}, {@code {n,}} or {@code {n,m}}; any other brace stands for itself. */
    private void repetition() {
        Matcher repetition = REPETITION.matcher(text).region(at, text.length());
        if (!repetition.lookingAt()) {
            at++;
            level.add(1);
            return;
        }
        String characters = repetition.group();
        long literal = level.last + characters.length();
        long least = number(repetition.group(1));
        long most = characters.contains(",") ? number(repetition.group(2)) : least;
        level.repeat(Math.max(1, Math.max(least, most)), most > least ? most - least : 2);
        if (characters.contains("{0") || characters.contains(",0")) {
            // RE2/J may take it for text, such as {01}.
            level.last = Math.max(level.last, literal);
        }
        at = repetition.end();
    }

    private static long number(@Nullable String digits) {
        if (digits == null || digits.isEmpty()) {
            return 0;
        }
        return digits.length() > MOST_DIGITS ? ENOUGH : Long.parseLong(digits);
    }

    private void escape() {
        at++;
        if (at == text.length()) {
            return;
        }
        char kind = text.charAt(at++);
        switch (kind) {
            case 'Q' -> quoted();
            case 'p', 'P' -> {
                unicodeClass();
                level.add(1);
            }
            case 'x' -> {
                if (at < text.length() && text.charAt(at) == '{') {
                    at = after('}', at);
                }
                level.add(1);
            }
            default -> level.add(1);
        }
    }

    private void quoted() {
        int end = text.indexOf("\\E", at);
        int to = end < 0 ? text.length() : end;
        while (at < to) {
            level.add(1);
            at++;
        }
        at = Math.min(text.length(), to + 2);
    }

    /** From behind {@code \p} on. */
    private void unicodeClass() {
        tables = capped(tables + UNICODE_CLASS);
        if (at < text.length()) {
            at = text.charAt(at) == '{' ? after('}', at) : at + Character.charCount(text.codePointAt(at));
        }
    }

    /** Goes past a class as RE2/J does: a bracket may stand for itself in it. */
    private void characterClass() {
        at++;
        if (at < text.length() && text.charAt(at) == '^') {
            at++;
        }
        boolean first = true;
        while (at < text.length() && (text.charAt(at) != ']' || first)) {
            first = false;
            if (text.startsWith("[:", at) && text.indexOf(":]", at) >= 0) {
                at = text.indexOf(":]", at) + 2;
            } else if (text.startsWith("\\p", at) || text.startsWith("\\P", at)) {
                at += 2;
                unicodeClass();
            } else if (text.charAt(at) == '\\'
                    && at + 1 < text.length()
                    && "dDsSwW".indexOf(text.charAt(at + 1)) >= 0) {
                at += 2;
            } else {
                classCharacter();
                if (at < text.length() && text.charAt(at) == '-' && !text.startsWith("-]", at)) {
                    at++;
                    if (foldsCase && at < text.length() && (text.charAt(at) == '\\' || text.charAt(at) > 0x7f)) {
                        tables = capped(tables + FOLDED_RANGE);
                    }
                    classCharacter();
                }
            }
        }
        at = Math.min(text.length(), at + 1);
    }

    private void classCharacter() {
        if (at >= text.length()) {
            return;
        }
        if (text.charAt(at) != '\\') {
            at += Character.charCount(text.codePointAt(at));
            return;
        }
        at = Math.min(text.length(), at + 2);
        if (text.charAt(at - 1) == 'x' && at < text.length() && text.charAt(at) == '{') {
            at = after('}', at);
        }
    }

    /** Where the text goes on behind a character, or its end. */
    private int after(char c, int from) {
        int found = text.indexOf(c, from);
        return found < 0 ? text.length() : found + 1;
    }

    private static long capped(long size) {
        return Math.min(size, ENOUGH);
    }
}
