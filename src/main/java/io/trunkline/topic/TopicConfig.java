package io.trunkline.topic;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A topic's configuration under Kafka's names. Holds what was set; everything else has its default.
 *
 * @param overrides legal values by name
 */
public record TopicConfig(Map<String, String> overrides) {
    public static final TopicConfig DEFAULT = new TopicConfig(Map.of());

    public TopicConfig {
        List<String> errors = errorsOf(overrides);
        if (!errors.isEmpty()) {
            throw new IllegalArgumentException(errors.getFirst());
        }
        overrides = Collections.unmodifiableMap(new TreeMap<>(overrides));
    }

    /** @throws TrunklineException {@code INVALID_CONFIG} with a detail for each name or value that is not legal */
    public static TopicConfig parse(Map<String, String> overrides) {
        List<String> errors = errorsOf(overrides);
        if (errors.isEmpty()) {
            TopicConfigKey.conflictIn(overrides).ifPresent(errors::add);
        }
        if (!errors.isEmpty()) {
            throw illegal(errors);
        }
        return new TopicConfig(overrides);
    }

    /** The configuration in a row: what SQL has written there that is not legal has its default. */
    static TopicConfig stored(Map<String, String> overrides) {
        Map<String, String> legal = new TreeMap<>(overrides);
        legal.entrySet()
                .removeIf(override -> TopicConfigKey.named(override.getKey())
                        .flatMap(key -> key.errorOf(override.getValue()))
                        .isPresent());
        legal.keySet().removeIf(name -> TopicConfigKey.named(name).isEmpty());
        return new TopicConfig(legal);
    }

    /**
     * This configuration with some values replaced, or, where a change is empty, back at their defaults.
     *
     * @throws TrunklineException {@code INVALID_CONFIG} with a detail for each name or value that is not legal
     */
    public TopicConfig with(Map<String, Optional<String>> changes) {
        Map<String, String> merged = new TreeMap<>(overrides);
        List<String> errors = new ArrayList<>();
        changes.forEach((name, value) -> {
            if (value.isPresent()) {
                merged.put(name, value.get());
            } else if (TopicConfigKey.named(name).isPresent()) {
                merged.remove(name);
            } else {
                errors.add(unknown(name));
            }
        });
        errors.addAll(errorsOf(merged));
        if (errors.isEmpty()) {
            TopicConfigKey.conflictIn(merged).ifPresent(errors::add);
        }
        if (!errors.isEmpty()) {
            throw illegal(errors);
        }
        return new TopicConfig(merged);
    }

    /** Every name that has an effect with its value, set or default, and the others that were set. */
    public Map<String, String> effective() {
        Map<String, String> all = new TreeMap<>(overrides);
        for (TopicConfigKey key : TopicConfigKey.values()) {
            key.defaultValue().ifPresent(value -> all.putIfAbsent(key.configName(), value));
        }
        return all;
    }

    /** The largest record, in bytes of key, value and headers. */
    public int maxMessageBytes() {
        return Integer.parseInt(valueOf(TopicConfigKey.MAX_MESSAGE_BYTES));
    }

    /** Whether records get the time of their append, whatever their producer says. */
    public boolean logAppendTime() {
        return valueOf(TopicConfigKey.MESSAGE_TIMESTAMP_TYPE).equals("LogAppendTime");
    }

    private String valueOf(TopicConfigKey key) {
        String set = overrides.get(key.configName());
        return set == null ? key.defaultValue().orElseThrow() : set;
    }

    private static List<String> errorsOf(Map<String, String> overrides) {
        List<String> errors = new ArrayList<>();
        overrides.forEach((name, value) -> TopicConfigKey.named(name)
                .ifPresentOrElse(key -> key.errorOf(value).ifPresent(errors::add), () -> errors.add(unknown(name))));
        return errors;
    }

    private static TrunklineException illegal(List<String> errors) {
        return new TrunklineException(ErrorCode.INVALID_CONFIG, "The topic configuration is not legal.", errors);
    }

    private static String unknown(String name) {
        return "unknown topic configuration: " + shortened(name);
    }

    private static String shortened(String text) {
        return text.length() <= 100 ? text : text.substring(0, 100) + "…";
    }
}
