package io.trunkline.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopicNameTest {
    @ParameterizedTest
    @ValueSource(strings = {"a", "Orders.v1_eu-west", "...", "0", "__consumer_offsets"})
    void namesThatKafkaTakesAreTaken(String name) {
        TopicName parsed = TopicName.parse(name);

        assertThat(parsed.value()).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a b", "a/b", "é", "a\n", "a\0"})
    void namesThatKafkaRefusesAreRefused(String name) {
        assertThatThrownBy(() -> TopicName.parse(name))
                .isInstanceOfSatisfying(
                        TrunklineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_TOPIC));
    }

    @Test
    void nameHasAtMost249Characters() {
        assertThat(TopicName.parse("x".repeat(249)).value()).hasSize(249);
        assertThatThrownBy(() -> TopicName.parse("x".repeat(250))).isInstanceOf(TrunklineException.class);
    }
}
