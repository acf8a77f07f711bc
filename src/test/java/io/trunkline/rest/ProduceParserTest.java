package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.json.JsonText;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProduceParserTest {
    private static final long NOW = 1234;

    @Test
    void absentFieldsHaveTheirDefaults() {
        ProduceRequest request = parse("{\"records\":[{\"value\":7}]}");

        assertThat(request.partitions()).containsExactly(Producer.ANY_PARTITION);
        assertThat(request.records().timestamp(0)).isEqualTo(NOW);
        assertThat(request.records().key(0)).isNull();
        assertThat(request.records().headerEnd(0)).isZero();
    }

    @Test
    void valuesAreCutOutOfTheBodyToTheByte() {
        ProduceRequest request = parse(
                "\n {\"records\" :[{\"value\": 12345 },{\"value\":\"é\\n\"\t},{\"value\" :{\"a\":[1 ,{}]} , \"key\":true},{\"key\":-1.5e3,\"value\":null}]} ");

        assertThat(text(request.records().value(0))).isEqualTo("12345");
        assertThat(text(request.records().value(1))).isEqualTo("\"é\\n\"");
        assertThat(text(request.records().value(2))).isEqualTo("{\"a\":[1 ,{}]}");
        assertThat(text(request.records().key(2))).isEqualTo("true");
        assertThat(text(request.records().key(3))).isEqualTo("-1.5e3");
        assertThat(request.records().value(3)).isNull();
    }

    /** Bodies longer than any buffer of the parser, so that positions are counted across its refills. */
    @Test
    void positionsAreRightInLongBodies() {
        StringBuilder body = new StringBuilder("{\"records\":[");
        Random random = new Random(3);
        String[] values = new String[5_000];
        for (int i = 0; i < values.length; i++) {
            values[i] = "{\"n\":" + i + ",\"s\":\"" + "é😀x".repeat(random.nextInt(40)) + "\"}";
            body.append(i == 0 ? "" : ",")
                    .append("{\"value\":")
                    .append(values[i])
                    .append('}');
        }

        ProduceRequest request = parse(body.append("]}").toString());

        for (int i = 0; i < values.length; i++) {
            assertThat(text(request.records().value(i))).isEqualTo(values[i]);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"})
    void otherEncodingsThanUtf8AreRefused(String encoding) throws Exception {
        byte[] body = "{\"records\":[{\"value\":7}]}".getBytes(encoding);

        assertThatThrownBy(() -> ProduceParser.parse(ByteBuffer.wrap(body), RecordFormat.JSON, true, NOW))
                .isInstanceOfSatisfying(
                        TrunklineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_JSON));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'key':'a','key':'b','value':null}", "{'key':'a','value':null,'value':'AQ=='}"})
    void fieldOfAHeaderThatIsGivenTwiceIsRefused(String header) {
        String body = "{'records':[{'value':1,'headers':[" + header + "]}]}";

        assertThatThrownBy(() -> parse(body.replace('\'', '"')))
                .isInstanceOfSatisfying(
                        TrunklineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST));
    }

    @Test
    void byteOrderMarkIsPassedOver() {
        ProduceRequest request = parse("\ufeff{\"records\":[{\"value\":[7]}]}");

        assertThat(text(request.records().value(0))).isEqualTo("[7]");
    }

    /** Whatever comes in, the answer is records or a failure that the client can act on. */
    @Test
    void damagedBodiesNeverGetFurtherThanAClearError() {
        byte[] good =
                "{\"records\":[{\"key\":\"é\",\"value\":{\"a\":[1.5,null]},\"partition\":1,\"timestamp\":9,\"headers\":[{\"key\":\"h\",\"value\":\"AQ==\"}]}]}"
                        .getBytes(StandardCharsets.UTF_8);
        Random random = new Random(11);
        int accepted = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] damaged =
                    Arrays.copyOf(good, good.length - (random.nextInt(10) == 0 ? random.nextInt(good.length) : 0));
            for (int change = 0; change <= random.nextInt(3) && damaged.length > 0; change++) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(i % 2 == 0 ? 128 : 256);
            }
            RecordFormat format = RecordFormat.values()[random.nextInt(3)];
            try {
                ProduceRequest request = ProduceParser.parse(ByteBuffer.wrap(damaged), format, true, NOW);
                assertThat(request.partitions()).hasSize(request.records().count());
                for (int r = 0; r < request.records().count(); r++) {
                    byte[] value = request.records().value(r);
                    assertThat(value == null || format != RecordFormat.JSON || JsonText.isValid(value, 0, value.length))
                            .isTrue();
                }
                accepted++;
            } catch (TrunklineException e) {
                assertThat(e.code()).isIn(ErrorCode.INVALID_JSON, ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_RECORD);
            }
        }
        assertThat(accepted).as("both outcomes are met").isBetween(10, 19_990);
    }

    @Test
    void nestingThatIsTooDeepIsRefused() {
        String deep = "[".repeat(100_000) + "]".repeat(100_000);

        assertThatThrownBy(() -> parse("{\"records\":[{\"value\":" + deep + "}]}"))
                .isInstanceOfSatisfying(
                        TrunklineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_JSON));
    }

    private static ProduceRequest parse(String body) {
        return ProduceParser.parse(
                ByteBuffer.wrap(body.getBytes(StandardCharsets.UTF_8)), RecordFormat.JSON, true, NOW);
    }

    private static String text(byte @Nullable [] bytes) {
        assertThat(bytes).isNotNull();
        return bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
    }
}
