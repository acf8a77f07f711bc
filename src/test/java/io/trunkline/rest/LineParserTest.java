package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.json.JsonPointer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LineParserTest {
    private static final int MANY = 1_000_000;
    private static final int AT_ONCE = LineParser.MOST_RECORDS;

    @Test
    void eachLineIsTheValueOfARecordAsItStands() {
        LineParser.Lines lines =
                parse("{\"a\": 1.10}\r\n\n  [1 , 2]\t\n\"caf\u00e9\"\n-0\n   \n{}", Optional.empty(), 100);

        assertThat(values(lines)).containsExactly("{\"a\": 1.10}", "[1 , 2]", "\"caf\u00e9\"", "-0", "{}");
        assertThat(lines.records().keys()).isNull();
        assertThat(lines.read()).isEqualTo(7);
        assertThat(lines.lines()).startsWith(0, 2, 3, 4, 6);
        assertThat(lines.starts()).startsWith(0, 14, 25, 33, 40);
        assertThat(lines.fault()).isEmpty();
    }

    @Test
    void nullIsATombstone() {
        LineParser.Lines lines = parse(" null\nnull", Optional.empty(), 100);

        assertThat(values(lines)).hasSize(2).containsOnlyNulls();
    }

    @Test
    void keyIsTheJsonTextAtThePointerAndNullIsNone() {
        LineParser.Lines lines = parse(
                "{\"id\":\"a\"}\n{\"id\": 1.10 }\n{\"id\":null}\n{\"id\":{\"b\": 2}}",
                Optional.of(JsonPointer.parse("key", "/id")),
                100);

        assertThat(List.of(0, 1, 3))
                .extracting(i -> text(lines.records().key(i)))
                .containsExactly("\"a\"", "1.10", "{\"b\": 2}");
        assertThat(lines.records().key(2)).isNull();
        assertThat(values(lines)).hasSize(4).contains("{\"id\":\"a\"}");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '|',
            value = {
                "{\"id\":1}x|INVALID_JSON",
                "{\"id\":1} {\"id\":2}|INVALID_JSON",
                "{id:1}|INVALID_JSON",
                "{\"id\":1,|INVALID_JSON",
                "\uFEFF{\"id\":1}|INVALID_JSON",
                "{\"name\":1}|INVALID_RECORD",
                "null|INVALID_RECORD",
                "{\"id\":1,\"text\":\"12345678901234567890\"}|RECORD_TOO_LARGE",
                "{\"id\":\"123456789012345\"}|RECORD_TOO_LARGE"
            })
    void stopsAtTheFirstLineThatIsNoRecord(String bad, ErrorCode code) {
        LineParser.Lines lines =
                parse("{\"id\":1}\n\n" + bad + "\n{\"id\":2}\n", Optional.of(JsonPointer.parse("key", "/id")), 35);

        assertThat(values(lines)).containsExactly("{\"id\":1}");
        assertThat(lines.read()).isEqualTo(2);
        assertThat(lines.next()).isEqualTo(10);
        assertThat(lines.fault().map(TrunklineException::code)).contains(code);
    }

    @Test
    void invalidUtf8IsTold() {
        byte[] bytes = {'"', (byte) 0xc0, (byte) 0xaf, '"'};

        LineParser.Lines lines = new LineParser(Optional.empty(), 100).parse(bytes, 0, bytes.length, MANY, AT_ONCE, 0);

        assertThat(lines.fault().orElseThrow()).hasMessageContaining("UTF-8");
    }

    @Test
    void thousandsAreReadAtATime() {
        String text = "1\n".repeat(25_000);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        LineParser parser = new LineParser(Optional.empty(), 100);

        LineParser.Lines first = parser.parse(bytes, 0, bytes.length, MANY, AT_ONCE, 0);
        LineParser.Lines second = parser.parse(bytes, first.next(), bytes.length, MANY, AT_ONCE, 0);
        LineParser.Lines third = parser.parse(bytes, second.next(), bytes.length, MANY, AT_ONCE, 0);

        assertThat(List.of(first.read(), second.read(), third.read())).containsExactly(10_000, 10_000, 5_000);
        assertThat(third.next()).isEqualTo(bytes.length);
    }

    @Test
    void fewerAreReadWhereAsked() {
        byte[] bytes = "1\n\n2\n3\n".getBytes(StandardCharsets.UTF_8);
        LineParser parser = new LineParser(Optional.empty(), 100);

        LineParser.Lines first = parser.parse(bytes, 0, bytes.length, MANY, 2, 0);
        LineParser.Lines second = parser.parse(bytes, first.next(), bytes.length, MANY, 1, 0);

        assertThat(values(first)).containsExactly("1", "2");
        assertThat(first.read()).isEqualTo(3);
        assertThat(values(second)).containsExactly("3");
    }

    @Test
    void oneMoreThanThereMayBeIsAFault() {
        byte[] bytes = "1\n2\n\n3\n".getBytes(StandardCharsets.UTF_8);

        LineParser.Lines lines = new LineParser(Optional.empty(), 100).parse(bytes, 0, bytes.length, 2, AT_ONCE, 0);

        assertThat(values(lines)).containsExactly("1", "2");
        assertThat(lines.fault().map(TrunklineException::code)).contains(ErrorCode.INVALID_PARAMETER);
        assertThat(lines.read()).isEqualTo(3);
    }

    private static LineParser.Lines parse(String text, Optional<JsonPointer> key, int largest) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new LineParser(key, largest).parse(bytes, 0, bytes.length, MANY, AT_ONCE, 5);
    }

    private static @Nullable String text(byte @Nullable [] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    private static List<@Nullable String> values(LineParser.Lines lines) {
        List<@Nullable String> values = new ArrayList<>();
        for (int i = 0; i < lines.records().count(); i++) {
            values.add(text(lines.records().value(i)));
        }
        return values;
    }
}
