package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Murmur2Test {
    /** The values are those of Kafka's own test of its hash. */
    @ParameterizedTest
    @CsvSource({
        "21,-973932308",
        "foobar,-790332482",
        "a-little-bit-long-string,-985981536",
        "a-little-bit-longer-string,-1486304829",
        "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8,-58897971",
        "abc,479470107"
    })
    void hashIsKafkas(String key, int hash) {
        byte[] bytes = ("xy" + key + "z").getBytes(StandardCharsets.UTF_8);

        assertThat(Murmur2.hash(bytes, 2, bytes.length - 3)).isEqualTo(hash);
    }
}
