package io.trunkline.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopicConfigTest {
    @Test
    void defaultsAreKafkas() {
        assertThat(TopicConfig.DEFAULT.effective())
                .isEqualTo(Map.of(
                        "cleanup.policy", "delete",
                        "compression.type", "producer",
                        "max.message.bytes", "1048588",
                        "message.timestamp.type", "CreateTime",
                        "retention.bytes", "-1",
                        "retention.ms", "604800000"));
    }

    @ParameterizedTest
    @CsvSource({
        "retention.ms,-1",
        "retention.ms,9223372036854775807",
        "retention.bytes,0",
        "max.message.bytes,104857600",
        "message.timestamp.type,LogAppendTime",
        "compression.type,lz4",
        "cleanup.policy,delete"
    })
    void legalValuesAreKept(String name, String value) {
        TopicConfig config = TopicConfig.parse(Map.of(name, value));

        assertThat(config.effective()).containsEntry(name, value);
        assertThat(config.overrides()).containsOnlyKeys(name);
    }

    @ParameterizedTest
    @CsvSource({
        "retention.ms,-2",
        "retention.ms,9223372036854775808",
        "retention.ms,1.5",
        "retention.bytes,ten",
        "max.message.bytes,104857601",
        "message.timestamp.type,createtime",
        "compression.type,brotli",
        "cleanup.policy,compact",
        "segment.bytes,1000"
    })
    void otherNamesAndValuesAreRefused(String name, String value) {
        assertThatThrownBy(() -> TopicConfig.parse(Map.of(name, value)))
                .isInstanceOfSatisfying(TrunklineException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
                    assertThat(e.details()).singleElement().asString().contains(name);
                });
    }
}
