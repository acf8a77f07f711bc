package io.trunkline.rest.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.trunkline.error.TrunklineException;
import io.trunkline.record.RecordBatch;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What events are read into: little beside their text, whatever it holds. */
class EventTextTest {
    private static final String HEAD = "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/\",\"type\":\"t\"";
    private static final int MANY = 1_000_000;

    @ParameterizedTest
    @ValueSource(strings = {"{}", "[]", "1.5"})
    void dataAreNotReadIntoObjects(String element) {
        String elements = element + ("," + element).repeat(MANY);
        byte[] event = bytes(HEAD + ",\"data\":[" + elements + "]}");
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();

        RecordBatch records = read(event);

        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(3L * event.length);
        assertThat(records.value(0)).isEqualTo(event);
    }

    @Test
    void errorsOfOneEventAreBounded() {
        byte[] event = bytes("{\"A\":0" + ",\"A\":0".repeat(MANY) + "}");

        assertThatThrownBy(() -> read(event))
                .isInstanceOfSatisfying(
                        TrunklineException.class,
                        e -> assertThat(e.details())
                                .hasSize(10)
                                .containsOnly("A: names of attributes have the letters a to z and digits only"));
    }

    @Test
    void attributesAreBounded() {
        assertThat(read(bytes(HEAD + attributes(996) + "}")).count()).isEqualTo(1);
        assertThatThrownBy(() -> read(bytes(HEAD + attributes(200_000) + "}")))
                .isInstanceOfSatisfying(
                        TrunklineException.class,
                        e -> assertThat(e.details()).isEqualTo(List.of("attributes: there are more than 1000")));
    }

    @Test
    void namesAndValuesOfAttributesAreBounded() {
        String longest = "x".repeat(64 * 1024 - 2);

        assertThat(read(bytes(HEAD + ",\"ext\":\"" + longest + "\"}")).count()).isEqualTo(1);
        assertError(HEAD + ",\"ext\":\"x" + longest + "\"}", "ext: has more than 65536 bytes");
        assertError(HEAD + ",\"" + "x".repeat(201) + "\":1}", "the name of an attribute: has more than 200 bytes");
    }

    @Test
    void anyJsonIsDataOfJson() {
        byte[] event = bytes(HEAD + ",\"data\":" + "1".repeat(1_001) + "}");

        assertThat(read(event).value(0)).isEqualTo(event);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ",\"data_base64\":\"\"",
                ",\"data_base64\":\"AAECAw==\"",
                ",\"data_base64\":\"+/8=\"",
                ",\"data_base64\":\"\\u002b\\/8\\u003D\"",
                ",\"datacontenttype\":\"text/plain\",\"data\":\"x\"",
                ",\"datacontenttype\":\"text/plain\",\"data\":null",
                ",\"datacontenttype\":\"application/geo+json; charset=utf-8\",\"data\":{}",
                ",\"ext\":-2147483648",
                ",\"ext\":true,\"subject\":null"
            })
    void eventsThatTheSpecificationAllowsAreRead(String rest) {
        byte[] event = bytes(HEAD + rest + "}");

        assertThat(read(event).value(0)).isEqualTo(event);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"\"=\"", "\"A===\"", "\"AA=A\"", "\"AA A\"", "\"AA\\nA\"", "\"AA_-\"", "7", "null", "\"AAAAA\""})
    void whatIsNotBase64IsRefused(String value) {
        assertError(HEAD + ",\"data_base64\":" + value + "}", "data_base64: must be a string of base64");
    }

    @Test
    void valuesThatAttributesCannotHaveAreRefused() {
        assertError(HEAD + ",\"time\":1}", "time: must be a string");
        assertError(HEAD + ",\"ext\":2147483648}", "ext: must be a string, a whole number of 32 bits, true or false");
        assertError(HEAD + ",\"partitionkey\":\"\"}", "partitionkey: must not be empty");
    }

    private static void assertError(String event, String error) {
        assertThatThrownBy(() -> read(bytes(event)))
                .isInstanceOfSatisfying(
                        TrunklineException.class, e -> assertThat(e.details()).isEqualTo(List.of(error)));
    }

    /** So many attributes beside the required ones. */
    private static String attributes(int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(",\"a").append(i).append("\":0");
        }
        return text.toString();
    }

    private static RecordBatch read(byte[] event) {
        return EventText.one(ByteBuffer.wrap(event), EventText.ONE, 0);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
