package io.trunkline.topic;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The topic configurations there are: all of Kafka's names with Kafka's legal values. Those without a default have no effect
 * here: they are taken, kept and shown, so that topics can be created as they are for Kafka.
 */
enum TopicConfigKey {
    CLEANUP_POLICY("cleanup.policy", "delete", "delete", Set.of("delete")::contains),
    /** Taken and shown for compatibility: PostgreSQL compresses what it stores, with lz4 where it can. */
    COMPRESSION_TYPE(
            "compression.type",
            "producer",
            "producer, uncompressed, gzip, snappy, lz4 or zstd",
            Set.of("producer", "uncompressed", "gzip", "snappy", "lz4", "zstd")::contains),
    MAX_MESSAGE_BYTES(
            "max.message.bytes",
            "1048588",
            "0 to 104857600",
            value -> isWhole(value, 0, TopicConfigKey.LARGEST_RECORD)),
    MESSAGE_TIMESTAMP_TYPE(
            "message.timestamp.type",
            "CreateTime",
            "CreateTime or LogAppendTime",
            Set.of("CreateTime", "LogAppendTime")::contains),
    RETENTION_BYTES(
            "retention.bytes", "-1", "-1 (no limit) or a number of bytes", value -> isWhole(value, -1, Long.MAX_VALUE)),
    RETENTION_MS(
            "retention.ms",
            "604800000",
            "-1 (for ever) or a number of milliseconds",
            value -> isWhole(value, -1, Long.MAX_VALUE)),

    COMPRESSION_GZIP_LEVEL("compression.gzip.level", "-1 or 1 to 9", TopicConfigKey::isGzipLevel),
    COMPRESSION_LZ4_LEVEL("compression.lz4.level", 1, 17),
    COMPRESSION_ZSTD_LEVEL("compression.zstd.level", -131_072, 22),
    DELETE_RETENTION_MS("delete.retention.ms", 0, Long.MAX_VALUE),
    FILE_DELETE_DELAY_MS("file.delete.delay.ms", 0, Long.MAX_VALUE),
    FLUSH_MESSAGES("flush.messages", 1, Long.MAX_VALUE),
    FLUSH_MS("flush.ms", 0, Long.MAX_VALUE),
    FOLLOWER_REPLICATION_THROTTLED_REPLICAS(
            "follower.replication.throttled.replicas", TopicConfigKey.REPLICAS, TopicConfigKey::areReplicas),
    INDEX_INTERVAL_BYTES("index.interval.bytes", 0, Integer.MAX_VALUE),
    LEADER_REPLICATION_THROTTLED_REPLICAS(
            "leader.replication.throttled.replicas", TopicConfigKey.REPLICAS, TopicConfigKey::areReplicas),
    LOCAL_RETENTION_BYTES("local.retention.bytes", -2, Long.MAX_VALUE),
    LOCAL_RETENTION_MS("local.retention.ms", -2, Long.MAX_VALUE),
    MAX_COMPACTION_LAG_MS("max.compaction.lag.ms", 1, Long.MAX_VALUE),
    MESSAGE_DOWNCONVERSION_ENABLE(
            "message.downconversion.enable", TopicConfigKey.TRUE_OR_FALSE, TopicConfigKey::isBoolean),
    MESSAGE_FORMAT_VERSION(
            "message.format.version",
            "a version of Kafka, such as 3.0-IV1",
            value -> value.matches("[0-9]{1,3}(\\.[0-9]{1,3}){1,3}(-IV[0-9]{1,3})?")),
    MESSAGE_TIMESTAMP_AFTER_MAX_MS("message.timestamp.after.max.ms", 0, Long.MAX_VALUE),
    MESSAGE_TIMESTAMP_BEFORE_MAX_MS("message.timestamp.before.max.ms", 0, Long.MAX_VALUE),
    MESSAGE_TIMESTAMP_DIFFERENCE_MAX_MS("message.timestamp.difference.max.ms", 0, Long.MAX_VALUE),
    MIN_CLEANABLE_DIRTY_RATIO("min.cleanable.dirty.ratio", "a number from 0 to 1", TopicConfigKey::isRatio),
    MIN_COMPACTION_LAG_MS("min.compaction.lag.ms", 0, Long.MAX_VALUE),
    MIN_INSYNC_REPLICAS("min.insync.replicas", 1, Integer.MAX_VALUE),
    PREALLOCATE("preallocate", TopicConfigKey.TRUE_OR_FALSE, TopicConfigKey::isBoolean),
    REMOTE_COPY_LAG_BYTES("remote.copy.lag.bytes", -1, Long.MAX_VALUE),
    REMOTE_COPY_LAG_MS("remote.copy.lag.ms", -1, Long.MAX_VALUE),
    REMOTE_LOG_COPY_DISABLE("remote.log.copy.disable", TopicConfigKey.TRUE_OR_FALSE, TopicConfigKey::isBoolean),
    REMOTE_LOG_DELETE_ON_DISABLE(
            "remote.log.delete.on.disable", TopicConfigKey.TRUE_OR_FALSE, TopicConfigKey::isBoolean),
    REMOTE_STORAGE_ENABLE("remote.storage.enable", TopicConfigKey.TRUE_OR_FALSE, TopicConfigKey::isBoolean),
    SEGMENT_BYTES("segment.bytes", 14, Integer.MAX_VALUE),
    SEGMENT_INDEX_BYTES("segment.index.bytes", 4, Integer.MAX_VALUE),
    SEGMENT_JITTER_MS("segment.jitter.ms", 0, Long.MAX_VALUE),
    SEGMENT_MS("segment.ms", 1, Long.MAX_VALUE),
    UNCLEAN_LEADER_ELECTION_ENABLE(
            "unclean.leader.election.enable", TopicConfigKey.TRUE_OR_FALSE, TopicConfigKey::isBoolean);

    /** The largest record that a topic can be made to take: far below what a row of PostgreSQL can hold. */
    static final int LARGEST_RECORD = 100 * 1024 * 1024;

    private static final String TRUE_OR_FALSE = "true or false";
    private static final String REPLICAS = "empty, * or a list of partition:broker, of at most 10000 characters";
    private static final int LONGEST_LIST = 10_000;

    private final String configName;
    private final Optional<String> defaultValue;
    private final String legal;
    private final Predicate<String> isLegal;

    TopicConfigKey(String configName, String defaultValue, String legal, Predicate<String> isLegal) {
        this(configName, Optional.of(defaultValue), legal, isLegal);
    }

    /** One without an effect. */
    TopicConfigKey(String configName, String legal, Predicate<String> isLegal) {
        this(configName, Optional.empty(), legal, isLegal);
    }

    /** One without an effect, whose values are whole numbers. */
    TopicConfigKey(String configName, long least, long most) {
        this(
                configName,
                Optional.empty(),
                "a whole number from " + least + " to " + most,
                value -> isWhole(value, least, most));
    }

    TopicConfigKey(String configName, Optional<String> defaultValue, String legal, Predicate<String> isLegal) {
        this.configName = configName;
        this.defaultValue = defaultValue;
        this.legal = legal;
        this.isLegal = isLegal;
    }

    static Optional<TopicConfigKey> named(String name) {
        return Arrays.stream(values()).filter(k -> k.configName.equals(name)).findFirst();
    }

    String configName() {
        return configName;
    }

    /** The value that counts where none is set; empty where none has an effect. */
    Optional<String> defaultValue() {
        return defaultValue;
    }

    Optional<String> errorOf(String value) {
        return isLegal.test(value) ? Optional.empty() : Optional.of(configName + " must be " + legal);
    }

    /** What Kafka refuses of legal values because they do not go together. */
    static Optional<String> conflictIn(Map<String, String> legal) {
        String least = legal.get(MIN_COMPACTION_LAG_MS.configName);
        String most = legal.get(MAX_COMPACTION_LAG_MS.configName);
        return least != null && most != null && Long.parseLong(least) > Long.parseLong(most)
                ? Optional.of(MIN_COMPACTION_LAG_MS.configName + " must not be greater than "
                        + MAX_COMPACTION_LAG_MS.configName)
                : Optional.empty();
    }

    private static boolean isWhole(String value, long least, long most) {
        if (!value.matches("-?[0-9]{1,19}")) {
            return false;
        }
        try {
            long number = Long.parseLong(value);
            return number >= least && number <= most;
        } catch (NumberFormatException e) {
            return false; // 19 digits beyond the range of a long
        }
    }

    private static boolean isGzipLevel(String value) {
        return value.equals("-1") || isWhole(value, 1, 9);
    }

    private static boolean isBoolean(String value) {
        return value.equalsIgnoreCase("true") || value.equalsIgnoreCase("false");
    }

    private static boolean isRatio(String value) {
        return value.matches("0|1|0?\\.[0-9]{1,17}|[01]\\.0{0,17}");
    }

    private static boolean areReplicas(String value) {
        return value.length() <= LONGEST_LIST
                && (value.isEmpty()
                        || value.equals("*")
                        || value.matches("[0-9]{1,10}:[0-9]{1,10}(,[0-9]{1,10}:[0-9]{1,10})*+"));
    }
}
