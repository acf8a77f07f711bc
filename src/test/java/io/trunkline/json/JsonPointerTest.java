package io.trunkline.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.error.TrunklineException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonPointerTest {
    /** The example of RFC 6901, section 5. */
    private static final String RFC = """
            {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\\\j": 5, "k\\"l": 6, " ": 7, "m~n": 8}""";

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = ';',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "/foo;[\"bar\", \"baz\"]",
                "/foo/0;\"bar\"",
                "/foo/1;\"baz\"",
                "/;0",
                "/a~1b;1",
                "/c%d;2",
                "/e^f;3",
                "/g|h;4",
                "/i\\j;5",
                "/k\"l;6",
                "/ ;7",
                "/m~0n;8"
            })
    void findsWhatTheStandardSays(String pointer, String expected) {
        assertThat(found(pointer, RFC)).isEqualTo(expected);
    }

    @Test
    void emptyPointerIsTheWholeValueWithoutSpaceAround() {
        assertThat(found("", "  {\"a\": 1}\t")).isEqualTo("{\"a\": 1}");
        assertThat(found("", "7")).isEqualTo("7");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/b", "/a/b/c", "/a/0", "/list/2", "/list/-", "/list/01", "/list/x", "/text/0", "/none/x"})
    void findsNothingWhereThereIsNothing(String pointer) {
        String value = "{\"a\": {\"b\": 1}, \"list\": [1, 2], \"text\": \"x\", \"none\": null, \"e\": [], \"o\": {}}";

        assertThat(found(pointer, value)).isNull();
        assertThat(found("/e/0", value)).isNull();
        assertThat(found("/o/x", value)).isNull();
        assertThat(found("/x", "1")).isNull();
        assertThat(found("/x", "\"x\"")).isNull();
    }

    @Test
    void textStaysAsItIs() {
        String value =
                "{\"x\": [{\"skip}\": \"]},\\\"{\"}, [[]], -1.50e+2], \"id\" : 1.10 , \"name\":\"caf\\u00e9 é\"}";

        assertThat(found("/id", value)).isEqualTo("1.10");
        assertThat(found("/name", value)).isEqualTo("\"caf\\u00e9 é\"");
        assertThat(found("/x/2", value)).isEqualTo("-1.50e+2");
        assertThat(found("/x/0/skip}", value)).isEqualTo("\"]},\\\"{\"");
    }

    @Test
    void escapedNamesAreTheNamesThatTheyStandFor() {
        assertThat(found("/é/a\tb", "{\"\\u00e9\":{\"a\\tb\":true}}")).isEqualTo("true");
    }

    @Test
    void lastOfRepeatedNamesCounts() {
        assertThat(found("/a/b", "{\"a\":{\"b\":1},\"a\":{\"b\":2}}")).isEqualTo("2");
        assertThat(found("/a/b", "{\"a\":{\"b\":1},\"a\":3}")).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "a/b", "/~", "/~2", "/a~", "#/a"})
    void anythingElseIsNoPointer(String text) {
        assertThatThrownBy(() -> JsonPointer.parse("key", text))
                .isInstanceOf(TrunklineException.class)
                .hasMessageContaining("JSON pointer");
    }

    @Test
    void pointersAreBounded() {
        JsonPointer.parse("key", "/a".repeat(100));

        assertThatThrownBy(() -> JsonPointer.parse("key", "/a".repeat(101)))
                .isInstanceOf(TrunklineException.class)
                .hasMessageContaining("100");
    }

    @Test
    void longNameIsNoDeepOne() {
        String name = "a".repeat(200_000);

        assertThat(found("/" + name, "{\"" + name + "\":1}")).isEqualTo("1");
    }

    private static @Nullable String found(String pointer, String json) {
        byte[] bytes = ("ab" + json + "cd").getBytes(StandardCharsets.UTF_8);
        int to = bytes.length - 2;
        assertThat(JsonText.isValid(bytes, 2, to)).isTrue();
        long found = JsonPointer.parse("key", pointer).find(bytes, 2, to);
        return found == JsonPointer.NOTHING
                ? null
                : new String(
                        bytes,
                        JsonPointer.from(found),
                        JsonPointer.to(found) - JsonPointer.from(found),
                        StandardCharsets.UTF_8);
    }
}
