package io.trunkline.filter;

import io.trunkline.error.TrunklineException;
import io.trunkline.record.ByteColumn;
import io.trunkline.record.RecordBatch;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which records a reader wants: terms on the key, a header or a place in the JSON value, all of which a record has to meet. Records
 * are not read into objects, and a record costs time in proportion to its bytes, whatever the filter is.
 */
public final class Filter {
    private final String text;
    private final List<Test> keys;
    private final List<Term.OnHeader> headers;
    private final @Nullable ValueTerms values;

    private Filter(String text, List<Term> terms) {
        this.text = text;
        keys = of(terms, Term.OnKey.class).stream().map(Term.OnKey::test).toList();
        headers = of(terms, Term.OnHeader.class);
        List<Term.OnValue> onValue = of(terms, Term.OnValue.class);
        values = onValue.isEmpty() ? null : new ValueTerms(onValue);
    }

    private static <T extends Term> List<T> of(List<Term> terms, Class<T> kind) {
        return terms.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /**
     * Reads an expression such as {@code header.type = "created" and key ^= "order-" and exists(value.vat)}.
     *
     * @param parameter the name of the parameter that holds the text, for messages
     * @throws TrunklineException {@code INVALID_PARAMETER} with the place of the first fault, counted in characters from 1
     */
    public static Filter parse(String parameter, String text) {
        return new Filter(text, new FilterParser(parameter, text).terms());
    }

    /** The expression as it was given. */
    public String text() {
        return text;
    }

    /** Looks at the records of a batch. */
    public Matcher on(RecordBatch records) {
        return new Matcher(records);
    }

    /** Looks at one record of a batch after the other. Used by one thread. */
    public final class Matcher {
        private final RecordBatch records;
        private final @Nullable ByteColumn keyColumn;
        private final ValueTerms.@Nullable Walk walk;

        private Matcher(RecordBatch records) {
            this.records = records;
            keyColumn = records.keys();
            walk = values == null ? null : values.over(records.values().bytes());
        }

        /** Whether a record meets all terms. The cheap ones are looked at first. */
        public boolean matches(int i) {
            return keyMatches(i) && headersMatch(i) && valueMatches(i);
        }

        private boolean keyMatches(int i) {
            if (keys.isEmpty()) {
                return true;
            }
            if (keyColumn == null || keyColumn.isNull(i)) {
                return false;
            }
            int from = keyColumn.start(i);
            int to = from + keyColumn.length(i);
            for (Test test : keys) {
                if (!test.acceptsKey(keyColumn.bytes(), from, to)) {
                    return false;
                }
            }
            return true;
        }

        private boolean headersMatch(int i) {
            for (Term.OnHeader term : headers) {
                if (!someHeaderMatches(i, term)) {
                    return false;
                }
            }
            return true;
        }

        private boolean someHeaderMatches(int i, Term.OnHeader term) {
            for (int h = records.headerStart(i); h < records.headerEnd(i); h++) {
                if (records.headerKey(h).equals(term.name())) {
                    byte[] value = records.headerValue(h);
                    if (value == null
                            ? term.test() instanceof Test.Exists
                            : term.test().accepts(value, 0, value.length)) {
                        return true;
                    }
                }
            }
            return false;
        }

        private boolean valueMatches(int i) {
            ByteColumn column = records.values();
            return walk == null
                    || (!column.isNull(i) && walk.matches(column.start(i), column.start(i) + column.length(i)));
        }
    }
}
