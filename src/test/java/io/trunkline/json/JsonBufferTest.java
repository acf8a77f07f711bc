package io.trunkline.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonBufferTest {
    @ParameterizedTest
    @ValueSource(
            longs = {
                0,
                1,
                9,
                10,
                99,
                100,
                1517363399650L,
                999_999_999_999_999_999L,
                1_000_000_000_000_000_000L,
                Long.MAX_VALUE,
                -1,
                Long.MIN_VALUE
            })
    void numbersAreWrittenAsJavaWritesThem(long number) {
        byte[] json = new JsonBuffer(0).number(number).toBytes();

        assertThat(new String(json, StandardCharsets.US_ASCII)).isEqualTo(Long.toString(number));
    }
}
