package io.trunkline.topic;

import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** The topic configurations there are: Kafka's names, defaults and legal values. */
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
            value -> isWhole(value, -1, Long.MAX_VALUE));

    /** The largest record that a topic can be made to take: far below what a row of PostgreSQL can hold. */
    static final int LARGEST_RECORD = 100 * 1024 * 1024;

    private final String configName;
    private final String defaultValue;
    private final String legal;
    private final Predicate<String> isLegal;

    TopicConfigKey(String configName, String defaultValue, String legal, Predicate<String> isLegal) {
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

    String defaultValue() {
        return defaultValue;
    }

    Optional<String> errorOf(String value) {
        return isLegal.test(value) ? Optional.empty() : Optional.of(configName + " must be " + legal);
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
}
