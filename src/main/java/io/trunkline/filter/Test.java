package io.trunkline.filter;

import io.trunkline.json.JsonText;

/** What a part of a record has to be. */
sealed interface Test {
    /** Whether bytes that are taken as they are pass. */
    boolean accepts(byte[] bytes, int from, int to);

    /** Whether the text of a JSON value passes. */
    boolean acceptsJson(byte[] bytes, int from, int to);

    /** Whether a key passes: as it is, or as the text of the JSON string that it is where a client wrote it in the JSON format. */
    default boolean acceptsKey(byte[] bytes, int from, int to) {
        return accepts(bytes, from, to)
                || (to - from >= 2
                        && bytes[from] == '"'
                        && bytes[to - 1] == '"'
                        && JsonText.isValid(bytes, from, to)
                        && acceptsJson(bytes, from, to));
    }

    /** Whatever is there. */
    record Exists() implements Test {
        @Override
        public boolean accepts(byte[] bytes, int from, int to) {
            return true;
        }

        @Override
        public boolean acceptsJson(byte[] bytes, int from, int to) {
            return true;
        }
    }

    /** A certain text. */
    record Equals(Text text) implements Test {
        @Override
        public boolean accepts(byte[] bytes, int from, int to) {
            return text.isAll(bytes, from, to);
        }

        @Override
        public boolean acceptsJson(byte[] bytes, int from, int to) {
            return bytes[from] == '"' && text.isAllOfString(bytes, from + 1, to - 1);
        }
    }

    /** A text that begins in a certain way. */
    record BeginsWith(Text text) implements Test {
        @Override
        public boolean accepts(byte[] bytes, int from, int to) {
            return text.begins(bytes, from, to);
        }

        @Override
        public boolean acceptsJson(byte[] bytes, int from, int to) {
            return bytes[from] == '"' && text.beginsString(bytes, from + 1, to - 1);
        }
    }

    /** A JSON number of a certain value. */
    record IsNumber(Decimal number) implements Test {
        @Override
        public boolean accepts(byte[] bytes, int from, int to) {
            return false; // parsed for values only
        }

        @Override
        public boolean acceptsJson(byte[] bytes, int from, int to) {
            byte first = bytes[from];
            return (first == '-' || (first >= '0' && first <= '9')) && number.equalsNumber(bytes, from, to);
        }
    }

    /** One of the words true, false and null of JSON. */
    record IsWord(Text word) implements Test {
        @Override
        public boolean accepts(byte[] bytes, int from, int to) {
            return false; // parsed for values only
        }

        @Override
        public boolean acceptsJson(byte[] bytes, int from, int to) {
            return word.isAll(bytes, from, to);
        }
    }
}
