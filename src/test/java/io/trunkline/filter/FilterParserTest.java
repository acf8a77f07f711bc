package io.trunkline.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FilterParserTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "key = \"a\"",
                "key='a'",
                "key ^= \"order-\"",
                "exists(key)",
                "exists ( key )",
                "header.type = \"created\"",
                "header.content-type ^= 'text/'",
                "header[ 'a b' ] = ''",
                "exists(header.ce_id)",
                "value = null",
                "exists(value)",
                "value.a.b-c._d = true",
                "value.ключ = 'ü'",
                "value[0][10].a['b c'][\"d\\\"e\"] = -1.50e+3",
                "value.n = 0",
                "value.n = 1e999999999",
                "header.type = \"created\" and key ^= \"order-\" AND value.customer.country = \"DE\" and exists(value.vat)",
                "\n key\t=\r'\\b\\f\\n\\r\\t\\/\\\\\\'\\\"\\u00fc\\ud83d\\ude00' ",
                "value.exists = 1 and value.and = 2 and header.key = 'a'"
            })
    void whatTheGrammarAllowsIsRead(String text) {
        assertThat(Filter.parse("filter", text).text()).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``                          | 1  | expected key, header or value, or exists(...)",
                "`   `                       | 4  | expected key, header or value, or exists(...)",
                "`Key = 'a'`                 | 1  | expected key, header or value, or exists(...)",
                "`timestamp = 1`             | 1  | expected key, header or value, or exists(...)",
                "`key`                       | 4  | expected \"=\" (equals) or \"^=\" (begins with)",
                "`key != 'a'`                | 5  | expected \"=\" (equals) or \"^=\" (begins with)",
                "`key == 'a'`                | 5  | expected \"=\" (equals) or \"^=\" (begins with)",
                "`key ~ 'a'`                 | 5  | expected \"=\" (equals) or \"^=\" (begins with)",
                "`key ^ 'a'`                 | 5  | expected \"=\" (equals) or \"^=\" (begins with)",
                "`key = `                    | 7  | expected a string in quotes",
                "`key = abc`                 | 7  | expected a string in quotes",
                "`key = 1`                   | 7  | keys and headers are compared with strings in quotes",
                "`header.a = null`           | 12 | keys and headers are compared with strings in quotes",
                "`key.a = 'a'`               | 4  | a key has no members",
                "`header = 'a'`              | 7  | expected the name of a header",
                "`header.a.b = 'a'`          | 9  | a header has no members",
                "`header[1] = 'a'`           | 8  | expected a string in quotes",
                "`header['a' = 'a'`          | 12 | expected \"]\" after the name of a header",
                "`value. = 1`                | 7  | expected a name",
                "`value.1a = 1`              | 7  | a name that begins like this stands in brackets and quotes",
                "`value.* = 1`               | 7  | expected a name",
                "`value..a = 1`              | 7  | expected a name",
                "`value[*] = 1`              | 7  | expected a name in quotes, or an index",
                "`value[-1] = 1`             | 7  | expected a name in quotes, or an index",
                "`value[01] = 1`             | 7  | expected a name in quotes, or an index",
                "`value[1234567890] = 1`     | 7  | expected a name in quotes, or an index",
                "`value[0 = 1`               | 9  | expected \"]\"",
                "`value.a = 'b`              | 11 | a string has no end",
                "`value.a = 'b\\`            | 13 | a backslash stands before",
                "`value.a = 'b\\x'`          | 13 | a backslash stands before",
                "`value.a = '\\u12g4'`       | 12 | \\u stands before four hexadecimal digits",
                "`value.a = '\\ud83d'`       | 11 | a string has half a surrogate pair",
                "`value.a = maybe`           | 11 | expected a string in quotes, a number, true, false or null",
                "`value.a = TRUE`            | 11 | expected a string in quotes, a number, true, false or null",
                "`value.a = 01`              | 11 | expected a number as JSON has them",
                "`value.a = -`               | 11 | expected a number as JSON has them",
                "`value.a = 1.`              | 11 | expected a number as JSON has them",
                "`value.a = 1e`              | 11 | expected a number as JSON has them",
                "`value.a = 1e1234567890`    | 11 | expected a number as JSON has them",
                "`value.a = 1and key = 'a'`  | 11 | expected a number as JSON has them",
                "`value.a ^= 1`              | 12 | expected a string in quotes after \"^=\"",
                "`exists(key`                | 11 | expected \")\"",
                "`exists(key = 'a')`         | 12 | expected \")\"",
                "`exists()`                  | 8  | expected key, header or value",
                "`exists key`                | 1  | expected key, header or value, or exists(...)",
                "`key = 'a' or key = 'b'`    | 11 | expected \"and\" or the end",
                "`key = 'a' and`             | 14 | expected key, header or value, or exists(...)",
                "`key = 'a' 'b'`             | 11 | expected \"and\" or the end",
                "`key = '\uD83D\uDE00' or`   | 11 | expected \"and\" or the end"
            })
    void aFaultIsReportedWithItsPlace(String text, int place, String what) {
        assertThatThrownBy(() -> Filter.parse("filter", text)).isInstanceOfSatisfying(TrunklineException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.INVALID_PARAMETER);
            assertThat(e.userMessage())
                    .startsWith("The parameter filter is invalid at character " + place + ": " + what)
                    .endsWith(".");
        });
    }

    @Test
    void aFilterHasEightTermsAtMost() {
        String eight = String.join(" and ", Collections.nCopies(8, "exists(key)"));

        assertThat(Filter.parse("filter", eight).text()).isEqualTo(eight);
        assertThatThrownBy(() -> Filter.parse("filter", eight + " and exists(key)"))
                .hasMessage("The parameter filter is invalid at character 129: a filter has at most 8 terms.");
    }

    @Test
    void aPathHasSixteenStepsAtMost() {
        String sixteen = "value" + ".a".repeat(15) + "[0]";

        assertThat(Filter.parse("filter", sixteen + " = 1").text()).isNotEmpty();
        assertThatThrownBy(() -> Filter.parse("filter", sixteen + ".b = 1"))
                .hasMessage("The parameter filter is invalid at character 39: a path has at most 16 steps.");
    }

    @Test
    void aFilterHas1024CharactersAtMost() {
        String most = "key = '" + "a".repeat(1016) + "'";

        assertThat(Filter.parse("filter", most).text()).hasSize(1024);
        assertThatThrownBy(() -> Filter.parse("filter", most + " "))
                .hasMessage("The parameter filter must have at most 1024 characters.");
    }

    /** Whatever somebody sends, it is read or refused as a parameter, and in no time. */
    @ParameterizedTest
    @ValueSource(strings = {"(", "[", "'", "\\", "exists(", "value[", "value.", "and ", "^", "-", "\u0000", "\ud800"})
    void repeatedFragmentsAreRefused(String fragment) {
        for (int times = 1; times * fragment.length() <= FilterParser.MOST_CHARACTERS; times++) {
            String text = fragment.repeat(times);

            assertThatThrownBy(() -> Filter.parse("filter", text))
                    .isInstanceOfSatisfying(
                            TrunklineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_PARAMETER));
        }
    }
}
