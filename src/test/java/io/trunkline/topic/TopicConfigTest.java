package io.trunkline.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.nio.file.Files;
import java.nio.file.Path;
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
        "cleanup.policy,delete",
        "compression.gzip.level,-1",
        "compression.gzip.level,9",
        "compression.lz4.level,17",
        "compression.zstd.level,-131072",
        "delete.retention.ms,0",
        "file.delete.delay.ms,60000",
        "flush.messages,1",
        "flush.ms,9223372036854775807",
        "follower.replication.throttled.replicas,*",
        "index.interval.bytes,4096",
        "leader.replication.throttled.replicas,'0:1,1:2'",
        "local.retention.bytes,-2",
        "local.retention.ms,-2",
        "max.compaction.lag.ms,1",
        "message.downconversion.enable,TRUE",
        "message.format.version,3.0-IV1",
        "message.timestamp.after.max.ms,3600000",
        "message.timestamp.before.max.ms,0",
        "message.timestamp.difference.max.ms,0",
        "min.cleanable.dirty.ratio,0.5",
        "min.cleanable.dirty.ratio,1",
        "min.compaction.lag.ms,0",
        "min.insync.replicas,2",
        "preallocate,false",
        "remote.copy.lag.bytes,-1",
        "remote.copy.lag.ms,0",
        "remote.log.copy.disable,true",
        "remote.log.delete.on.disable,true",
        "remote.storage.enable,false",
        "segment.bytes,1073741824",
        "segment.index.bytes,4",
        "segment.jitter.ms,0",
        "segment.ms,604800000",
        "unclean.leader.election.enable,false"
    })
    void legalValuesAreKept(String name, String value) {
        TopicConfig config = TopicConfig.parse(Map.of(name, value));

        assertThat(config.effective()).containsEntry(name, value);
        assertThat(config.overrides()).containsOnlyKeys(name);
    }

    @Test
    void valuesThatDoNotGoTogetherAreRefused() {
        assertThatThrownBy(() -> TopicConfig.parse(Map.of("min.compaction.lag.ms", "2", "max.compaction.lag.ms", "1")))
                .isInstanceOfSatisfying(
                        TrunklineException.class, e -> assertThat(e.details()).hasSize(1));
    }

    @Test
    void everyNameIsDocumented() throws Exception {
        String documentation = Files.readString(Path.of("docs/topics.md"));

        assertThat(TopicConfigKey.values())
                .allSatisfy(key -> assertThat(documentation).contains("`" + key.configName() + "`"));
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
        "segment.bites,1000",
        "segment.bytes,13",
        "segment.bytes,2147483648",
        "segment.ms,0",
        "compression.gzip.level,0",
        "compression.lz4.level,18",
        "compression.zstd.level,23",
        "flush.messages,0",
        "follower.replication.throttled.replicas,all",
        "leader.replication.throttled.replicas,'0:1,'",
        "local.retention.ms,-3",
        "max.compaction.lag.ms,0",
        "message.format.version,new",
        "message.timestamp.after.max.ms,-1",
        "min.cleanable.dirty.ratio,1.1",
        "min.cleanable.dirty.ratio,-0.1",
        "min.insync.replicas,0",
        "preallocate,yes",
        "remote.copy.lag.ms,-2",
        "unclean.leader.election.enable,1"
    })
    void otherNamesAndValuesAreRefused(String name, String value) {
        assertThatThrownBy(() -> TopicConfig.parse(Map.of(name, value)))
                .isInstanceOfSatisfying(TrunklineException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
                    assertThat(e.details()).singleElement().asString().contains(name);
                });
    }
}
