package io.trunkline.filter;

import io.trunkline.json.JsonText;
import java.util.List;

/**
 * The terms of a filter on JSON values. A value is checked once and walked through once for all of them, and no deeper than the
 * longest path of a term. Where an object has a name more than once, the last one counts, as for most readers of JSON.
 */
final class ValueTerms {
    private final List<Term.OnValue> terms;
    /** One bit for each term. */
    private final int all;
    /** By the length of a path: the terms, by their bits, whose path is that long. */
    private final int[] ending;

    /** @param terms at most 31 */
    ValueTerms(List<Term.OnValue> terms) {
        this.terms = terms;
        all = (1 << terms.size()) - 1;
        ending = new int[FilterParser.MOST_STEPS + 1];
        for (int t = 0; t < terms.size(); t++) {
            ending[terms.get(t).path().size()] |= 1 << t;
        }
    }

    /** Looks at values that stand in an array. */
    Walk over(byte[] bytes) {
        return new Walk(bytes);
    }

    /** Goes through one value after the other. Used by one thread. */
    final class Walk {
        private final byte[] bytes;
        private int to;
        /** The terms, by their bits, that are met as far as the value has been looked at. */
        private int met;

        private Walk(byte[] bytes) {
            this.bytes = bytes;
        }

        /** Whether bytes are JSON that meets all terms. */
        boolean matches(int from, int end) {
            if (!JsonText.isValid(bytes, from, end)) {
                return false;
            }
            to = end;
            met = 0;
            value(space(from), 0, all);
            return met == all;
        }

        /**
         * Goes through a value that is valid. Returns where it ends.
         *
         * @param level how many steps lead to it
         * @param active the terms, by their bits, whose path leads to it
         */
        private int value(int at, int level, int active) {
            int here = active & ending[level];
            int deeper = active & ~here;
            int end;
            if (deeper != 0 && bytes[at] == '{') {
                end = members(at, level, deeper);
            } else if (deeper != 0 && bytes[at] == '[') {
                end = elements(at, level, deeper);
            } else {
                end = skip(at);
            }
            for (int rest = here; rest != 0; rest &= rest - 1) {
                int term = Integer.numberOfTrailingZeros(rest);
                if (terms.get(term).test().acceptsJson(bytes, at, end)) {
                    met |= 1 << term;
                }
            }
            return end;
        }

        private int members(int start, int level, int active) {
            int at = space(start + 1);
            while (bytes[at] == '"') {
                int nameEnd = string(at);
                int named = named(at + 1, nameEnd - 1, level, active);
                at = space(space(nameEnd) + 1);
                if (named == 0) {
                    at = skip(at);
                } else {
                    met &= ~named; // what an earlier member of the name had does not count
                    at = value(at, level + 1, named);
                }
                at = afterComma(at);
            }
            return at + 1;
        }

        private int elements(int start, int level, int active) {
            int at = space(start + 1);
            for (int i = 0; bytes[at] != ']'; i++) {
                int indexed = indexed(i, level, active);
                at = afterComma(indexed == 0 ? skip(at) : value(at, level + 1, indexed));
            }
            return at + 1;
        }

        /** Those of some terms whose next step leads to a name, which stands between two quotes. */
        private int named(int from, int end, int level, int active) {
            int named = 0;
            for (int rest = active; rest != 0; rest &= rest - 1) {
                int term = Integer.numberOfTrailingZeros(rest);
                if (terms.get(term).path().get(level) instanceof Term.Step.Member(Text name)
                        && name.isAllOfString(bytes, from, end)) {
                    named |= 1 << term;
                }
            }
            return named;
        }

        private int indexed(int i, int level, int active) {
            int indexed = 0;
            for (int rest = active; rest != 0; rest &= rest - 1) {
                int term = Integer.numberOfTrailingZeros(rest);
                if (terms.get(term).path().get(level) instanceof Term.Step.Element(int index) && index == i) {
                    indexed |= 1 << term;
                }
            }
            return indexed;
        }

        private int afterComma(int end) {
            int at = space(end);
            return bytes[at] == ',' ? space(at + 1) : at;
        }

        private int space(int start) {
            int at = start;
            while (at < to && isSpace(bytes[at])) {
                at++;
            }
            return at;
        }

        private static boolean isSpace(byte b) {
            return b == ' ' || b == '\n' || b == '\r' || b == '\t';
        }

        /** Where the value that begins at a place ends. However deep it is, this goes no deeper. */
        private int skip(int start) {
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
            while (at < to && !isSpace(bytes[at]) && bytes[at] != ',' && bytes[at] != '}' && bytes[at] != ']') {
                at++;
            }
            return at;
        }
    }
}
