package io.trunkline.json;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTextTest {
    private static final JsonFactory FACTORY = new JsonFactory();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-0",
                "12",
                "-1.5e+3",
                "1E9",
                "\"\"",
                "\"a\\\"b\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
                "\"é😀\"",
                "true",
                "false",
                "null",
                "[]",
                "{}",
                " [ 1 , [ ] , {} ] ",
                "{\"a\":{\"b\":[1,2]},\"c\":null}",
                "\t7\n"
            })
    void jsonIsSeen(String text) {
        assertThat(isValid(text)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "01",
                "-",
                "1.",
                ".5",
                "1e",
                "+1",
                "\"",
                "\"\\\"",
                "\"\\x\"",
                "\"\\u12g4\"",
                "\"\\u12",
                "tru",
                "nul",
                "truex",
                "[",
                "]",
                "[1",
                "[1,",
                "[1,]",
                "[,1]",
                "{",
                "{\"a\"",
                "{\"a\":",
                "{\"a\":1,}",
                "{a:1}",
                "{\"a\":1]",
                "[1}",
                "1 2",
                "1]",
                "NaN",
                "'a'",
                "\u00a01",
                "\ufeff1",
                "\"a\nb\"",
                "[1]]",
                "{}{}",
                "é"
            })
    void otherBytesAreSeen(String text) {
        assertThat(isValid(text)).isFalse();
    }

    @Test
    void brokenUtf8IsNoJson() {
        assertThat(JsonText.isValid(new byte[] {'"', (byte) 0xc3, '"'}, 0, 3)).isFalse();
    }

    @Test
    void onlyThePartBetweenTheBoundsIsLookedAt() {
        byte[] bytes = "xx[1]yy".getBytes(StandardCharsets.US_ASCII);

        assertThat(JsonText.isValid(bytes, 2, 5)).isTrue();
        assertThat(JsonText.isValid(bytes, 2, 4)).isFalse();
    }

    @Test
    void depthIsBounded() {
        assertThat(isValid("[".repeat(1_000) + "]".repeat(1_000))).isTrue();
        assertThat(isValid("[".repeat(1_000_000))).isFalse();
    }

    /** Random changes to valid texts, judged by another parser. */
    @Test
    void agreesWithAFullParser() {
        Random random = new Random(1);
        String alphabet = "{}[]\",:\\0123456789.eE+-tfnrualse é";
        String seed = "{\"a\":[1,-2.5e3,true,null,\"x\\u00e9\\n\"],\"bé\":{\"c\":[]}} ";
        int valid = 0;
        for (int turn = 0; turn < 200_000; turn++) {
            StringBuilder text = new StringBuilder(seed);
            for (int change = random.nextInt(3); change >= 0; change--) {
                int at = random.nextInt(text.length());
                switch (random.nextInt(3)) {
                    case 0 -> text.deleteCharAt(at);
                    case 1 -> text.insert(at, alphabet.charAt(random.nextInt(alphabet.length())));
                    default -> text.setCharAt(at, alphabet.charAt(random.nextInt(alphabet.length())));
                }
            }
            boolean expected = parses(text.toString());
            assertThat(isValid(text.toString())).as(text.toString()).isEqualTo(expected);
            valid += expected ? 1 : 0;
        }
        assertThat(valid).isBetween(1_000, 199_000);
    }

    private static boolean isValid(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return JsonText.isValid(bytes, 0, bytes.length);
    }

    private static boolean parses(String text) {
        try (JsonParser parser = FACTORY.createParser(text.getBytes(StandardCharsets.UTF_8))) {
            int depth = 0;
            int values = 0;
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                values += depth == 0 ? 1 : 0;
                depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
                parser.getText();
            }
            return values == 1;
        } catch (IOException e) {
            return false;
        }
    }
}
