package io.trunkline.filter;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a filter:
 *
 * <pre>
 * filter  = term *( "and" term )
 * term    = part ( "=" / "^=" ) literal / "exists" "(" part ")"
 * part    = "key" / "header" ( "." name / "[" string "]" ) / "value" *( "." name / "[" string "]" / "[" index "]" )
 * literal = string / number / "true" / "false" / "null"
 * </pre>
 *
 * The places of a value are the singular queries of JSONPath (RFC 9535, section 2.3.5.1) with {@code value} for {@code $}, but for
 * names with a hyphen, which need no brackets here. Strings are those of JSON, in double or single quotes; numbers are those of
 * JSON. Space may stand between all of these.
 */
final class FilterParser {
    static final int MOST_CHARACTERS = 1024;
    static final int MOST_TERMS = 8;
    static final int MOST_STEPS = 16;
    private static final int MOST_INDEX_DIGITS = 9;

    private static final String PARTS = "key, header or value, or exists(...)";

    private final String parameter;
    private final String text;
    private int at;

    FilterParser(String parameter, String text) {
        this.parameter = parameter;
        this.text = text;
    }

    /** @throws TrunklineException {@code INVALID_PARAMETER} */
    List<Term> terms() {
        if (text.length() > MOST_CHARACTERS) {
            throw new TrunklineException(
                    ErrorCode.INVALID_PARAMETER,
                    "The parameter " + parameter + " must have at most " + MOST_CHARACTERS + " characters.");
        }
        List<Term> terms = new ArrayList<>();
        do {
            space();
            if (terms.size() == MOST_TERMS) {
                throw invalid(at, "a filter has at most " + MOST_TERMS + " terms");
            }
            terms.add(term());
            space();
        } while (and());
        return terms;
    }

    /** Whether another term follows, the word before which is read. */
    private boolean and() {
        if (at == text.length()) {
            return false;
        }
        int start = at;
        if (!word().equalsIgnoreCase("and")) {
            throw invalid(start, "expected \"and\" or the end: terms can be joined by \"and\" only");
        }
        return true;
    }

    private Term term() {
        int start = at;
        String first = word();
        if (first.equals("exists")) {
            return existing(start);
        }
        Place place = place(start, first);
        space();
        int operator = at;
        boolean begins = isNext('^');
        at += begins ? 1 : 0;
        if (!isNext('=') || text.startsWith("==", at)) {
            throw invalid(operator, "expected \"=\" (equals) or \"^=\" (begins with)");
        }
        at++;
        space();
        return place.term(begins ? beginning() : literal(place instanceof Place.Value));
    }

    /** @param start where the word stands that has been read */
    private Term existing(int start) {
        space();
        if (!isNext('(')) {
            throw invalid(start, "expected " + PARTS);
        }
        at++;
        space();
        Place place = place(at, word());
        space();
        expect(')', "expected \")\" after what has to exist");
        return place.term(new Test.Exists());
    }

    /** A part of a record. */
    private sealed interface Place {
        Term term(Test test);

        record Key() implements Place {
            @Override
            public Term term(Test test) {
                return new Term.OnKey(test);
            }
        }

        record Header(String name) implements Place {
            @Override
            public Term term(Test test) {
                return new Term.OnHeader(name, test);
            }
        }

        record Value(List<Term.Step> path) implements Place {
            @Override
            public Term term(Test test) {
                return new Term.OnValue(path, test);
            }
        }
    }

    /** @param start where the word stands that the part begins with, which has been read */
    private Place place(int start, String word) {
        return switch (word) {
            case "key" -> {
                if (isNext('.') || isNext('[')) {
                    throw invalid(at, "a key has no members: compare all of it");
                }
                yield new Place.Key();
            }
            case "header" -> new Place.Header(headerName());
            case "value" -> new Place.Value(path());
            default -> throw invalid(start, "expected " + PARTS);
        };
    }

    private String headerName() {
        String name;
        if (isNext('.')) {
            at++;
            name = name();
        } else if (isNext('[')) {
            at++;
            space();
            name = string();
            space();
            expect(']', "expected \"]\" after the name of a header");
        } else {
            throw invalid(at, "expected the name of a header, as in header.type or header[\"my type\"]");
        }
        if (isNext('.') || isNext('[')) {
            throw invalid(
                    at, "a header has no members; a name with other characters stands in brackets: header[\"a.b\"]");
        }
        return name;
    }

    private List<Term.Step> path() {
        List<Term.Step> path = new ArrayList<>();
        while (isNext('.') || isNext('[')) {
            if (path.size() == MOST_STEPS) {
                throw invalid(at, "a path has at most " + MOST_STEPS + " steps");
            }
            boolean dotted = isNext('.');
            at++;
            path.add(dotted ? new Term.Step.Member(new Text(name())) : bracketed());
        }
        return path;
    }

    private Term.Step bracketed() {
        space();
        Term.Step step;
        if (isNext('"') || isNext('\'')) {
            step = new Term.Step.Member(new Text(string()));
        } else {
            step = new Term.Step.Element(index());
        }
        space();
        expect(']', "expected \"]\"");
        return step;
    }

    private int index() {
        int start = at;
        while (at < text.length() && isDigit(text.charAt(at))) {
            at++;
        }
        String digits = text.substring(start, at);
        if (digits.isEmpty()
                || digits.length() > MOST_INDEX_DIGITS
                || (digits.length() > 1 && digits.startsWith("0"))) {
            throw invalid(
                    start,
                    "expected a name in quotes, or an index from 0 with at most " + MOST_INDEX_DIGITS + " digits");
        }
        return Integer.parseInt(digits);
    }

    /** A name that stands without quotes. */
    private String name() {
        int start = at;
        if (at < text.length() && (isDigit(text.charAt(at)) || text.charAt(at) == '-')) {
            throw invalid(start, "a name that begins like this stands in brackets and quotes: [\"...\"]");
        }
        String name = word();
        if (name.isEmpty()) {
            throw invalid(start, "expected a name; one with other characters stands in brackets and quotes: [\"...\"]");
        }
        return name;
    }

    /** Letters, digits, underscores, hyphens and whatever is not ASCII, maybe none. */
    private String word() {
        int start = at;
        while (at < text.length() && isOfWord(text.charAt(at))) {
            at++;
        }
        return text.substring(start, at);
    }

    private static boolean isOfWord(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || isDigit(c) || c == '_' || c == '-' || c >= 0x80;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private Test beginning() {
        if (!isNext('"') && !isNext('\'')) {
            throw invalid(at, "expected a string in quotes after \"^=\"");
        }
        return new Test.BeginsWith(new Text(string()));
    }

    /** @param json whether it is compared with a JSON value, which is more than text */
    private Test literal(boolean json) {
        if (isNext('"') || isNext('\'')) {
            return new Test.Equals(new Text(string()));
        }
        int start = at;
        if (at < text.length() && (isDigit(text.charAt(at)) || text.charAt(at) == '-')) {
            byte[] number = number();
            if (json) {
                return new Test.IsNumber(Decimal.of(number));
            }
        } else {
            String word = word();
            boolean known = word.equals("true") || word.equals("false") || word.equals("null");
            if (known && json) {
                return new Test.IsWord(new Text(word));
            }
            if (!known) {
                throw invalid(
                        start,
                        json
                                ? "expected a string in quotes, a number, true, false or null"
                                : "expected a string in quotes");
            }
        }
        throw invalid(start, "keys and headers are compared with strings in quotes");
    }

    private byte[] number() {
        int start = at;
        if (isNext('-')) {
            at++;
        }
        int whole = at;
        boolean legal = digits();
        legal &= at <= whole + 1 || text.charAt(whole) != '0';
        if (isNext('.')) {
            at++;
            legal &= digits();
        }
        if (isNext('e') || isNext('E')) {
            at++;
            if (isNext('+') || isNext('-')) {
                at++;
            }
            int exponent = at;
            legal &= digits() && at - exponent <= Decimal.MOST_EXPONENT_DIGITS;
        }
        if (!legal || (at < text.length() && isOfWord(text.charAt(at)))) {
            throw invalid(
                    start,
                    "expected a number as JSON has them, with at most " + Decimal.MOST_EXPONENT_DIGITS
                            + " digits of an exponent");
        }
        return text.substring(start, at).getBytes(StandardCharsets.US_ASCII);
    }

    /** Reads digits. Returns whether there are some. */
    private boolean digits() {
        int start = at;
        while (at < text.length() && isDigit(text.charAt(at))) {
            at++;
        }
        return at > start;
    }

    private String string() {
        int start = at;
        if (!isNext('"') && !isNext('\'')) {
            throw invalid(start, "expected a string in quotes");
        }
        char quote = text.charAt(at++);
        StringBuilder plain = new StringBuilder();
        while (at < text.length() && text.charAt(at) != quote) {
            char c = text.charAt(at++);
            plain.append(c == '\\' ? escaped() : c);
        }
        if (at == text.length()) {
            throw invalid(start, "a string has no end");
        }
        at++;
        if (hasHalfPair(plain)) {
            throw invalid(start, "a string has half a surrogate pair");
        }
        return plain.toString();
    }

    /** What the escape stands for whose backslash has been read. */
    private char escaped() {
        int start = at - 1;
        char c = at < text.length() ? text.charAt(at++) : '\0';
        return switch (c) {
            case '"', '\'', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> unit(start);
            default ->
                throw invalid(
                        start, "a backslash stands before one of \" ' \\ / b f n r t, or before u and four digits");
        };
    }

    private char unit(int start) {
        int unit = 0;
        for (int i = 0; i < 4; i++) {
            int digit = at < text.length() && text.charAt(at) < 0x80 ? Character.digit(text.charAt(at++), 16) : -1;
            if (digit < 0) {
                throw invalid(start, "\\u stands before four hexadecimal digits");
            }
            unit = unit << 4 | digit;
        }
        return (char) unit;
    }

    private static boolean hasHalfPair(CharSequence plain) {
        return plain.codePoints().anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private boolean isNext(char c) {
        return at < text.length() && text.charAt(at) == c;
    }

    private void expect(char c, String otherwise) {
        if (!isNext(c)) {
            throw invalid(at, otherwise);
        }
        at++;
    }

    private TrunklineException invalid(int place, String what) {
        return new TrunklineException(
                ErrorCode.INVALID_PARAMETER,
                "The parameter " + parameter + " is invalid at character " + (text.codePointCount(0, place) + 1) + ": "
                        + what + ".");
    }
}
