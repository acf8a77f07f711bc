package io.trunkline.rest;

import com.fasterxml.jackson.databind.JsonNode;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.group.ConsumerOptions;
import io.trunkline.group.MemberName;
import io.trunkline.group.OffsetAndMetadata;
import io.trunkline.group.OffsetReset;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiFunction;

/** The bodies of the consumer operations. */
final class ConsumerBody {
    private static final String NAME = "name";
    private static final String FORMAT = "format";
    private static final String RESET = "auto.offset.reset";
    private static final String AUTO_COMMIT = "enable.auto.commit";
    private static final String MIN_BYTES = "fetch.min.bytes";
    private static final String TIMEOUT = "consumer.request.timeout.ms";
    private static final String ISOLATION = "isolation.level";
    private static final String OFFSETS = "offsets";
    private static final String PARTITIONS = "partitions";
    private static final Set<String> OPTIONS = Set.of(NAME, FORMAT, RESET, AUTO_COMMIT, MIN_BYTES, TIMEOUT, ISOLATION);
    private static final int MOST_PARTITIONS = 10_000;

    private ConsumerBody() {}

    record Created(MemberName name, ConsumerOptions options) {}

    /**
     * A consumer's name and options; where nothing is said, Kafka's defaults and a name that nobody else has.
     *
     * @throws TrunklineException {@code INVALID_REQUEST} for a body that does not fit, {@code INVALID_CONSUMER_CONFIG} for
     *     a value that is not legal
     */
    static Created created(RoutingContext context, String defaultReset) {
        ControlBody body = BodyFilter.isEmpty(context) ? ControlBody.empty() : ControlBody.parse(context, OPTIONS);
        Optional<String> name = body.text(NAME);
        Optional<String> format = body.text(FORMAT);
        Optional<String> reset = body.text(RESET);
        Optional<Boolean> autoCommit = body.bool(AUTO_COMMIT);
        OptionalInt minBytes = body.whole(MIN_BYTES);
        OptionalInt timeout = body.whole(TIMEOUT);
        Optional<String> isolation = body.text(ISOLATION);
        body.check();
        RecordFormat recordFormat = RecordFormat.named(format.orElse("binary"))
                .orElseThrow(() -> illegal(FORMAT, "must be binary, json or text"));
        OffsetReset offsetReset = OffsetReset.of(reset.orElse(defaultReset))
                .orElseThrow(() -> illegal(
                        RESET,
                        "must be earliest, latest, none, or by_duration: and an ISO 8601 duration of at most 100 years,"
                                + " such as by_duration:PT1H"));
        boolean readCommitted = isolation.filter("read_committed"::equals).isPresent();
        if (isolation.isPresent() && !readCommitted && !isolation.get().equals("read_uncommitted")) {
            throw illegal(ISOLATION, "must be read_uncommitted or read_committed");
        }
        if (minBytes.orElse(0) < 0) {
            throw illegal(MIN_BYTES, "must not be negative");
        }
        if (timeout.orElse(0) < 0) {
            throw illegal(TIMEOUT, "must not be negative");
        }
        return new Created(
                MemberName.parse(name.orElseGet(() -> "trunkline-" + UUID.randomUUID())),
                new ConsumerOptions(
                        recordFormat.name().toLowerCase(Locale.ROOT),
                        offsetReset,
                        autoCommit.orElse(true),
                        minBytes.orElse(1),
                        timeout,
                        readCommitted));
    }

    private static TrunklineException illegal(String option, String rule) {
        return new TrunklineException(ErrorCode.INVALID_CONSUMER_CONFIG, option + ": " + rule + ".");
    }

    /** @throws TrunklineException {@code INVALID_REQUEST} */
    static Map<TopicPartition, OffsetAndMetadata> offsets(RoutingContext context) {
        ControlBody body = ControlBody.parse(context, Set.of(OFFSETS));
        Map<TopicPartition, OffsetAndMetadata> offsets = offsets(body);
        body.check();
        return offsets;
    }

    /** Empty where the body says nothing, which stands for what was delivered. */
    static Optional<Map<TopicPartition, OffsetAndMetadata>> commit(RoutingContext context) {
        if (BodyFilter.isEmpty(context)) {
            return Optional.empty();
        }
        ControlBody body = ControlBody.parse(context, Set.of(OFFSETS));
        Optional<Map<TopicPartition, OffsetAndMetadata>> offsets =
                body.has(OFFSETS) ? Optional.of(offsets(body)) : Optional.empty();
        body.check();
        return offsets;
    }

    /**
     * The offsets in a body that may hold other things too; of a partition that is named again, the last. What does not fit is
     * noted in the body.
     */
    static Map<TopicPartition, OffsetAndMetadata> offsets(ControlBody body) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new LinkedHashMap<>();
        list(
                        body,
                        OFFSETS,
                        Set.of("topic", "partition", "offset"),
                        "a topic, a partition and an offset that is not negative",
                        (partition, item) -> {
                            JsonNode offset = item.path("offset");
                            return offset.isIntegralNumber() && offset.canConvertToLong() && offset.longValue() >= 0
                                    ? Optional.of(Map.entry(partition, new OffsetAndMetadata(offset.longValue())))
                                    : Optional.<Map.Entry<TopicPartition, OffsetAndMetadata>>empty();
                        })
                .forEach(named -> offsets.put(named.getKey(), named.getValue()));
        return offsets;
    }

    /** @throws TrunklineException {@code INVALID_REQUEST} */
    static List<TopicPartition> partitions(RoutingContext context) {
        ControlBody body = ControlBody.parse(context, Set.of(PARTITIONS));
        List<TopicPartition> partitions = partitions(body);
        body.check();
        return partitions;
    }

    /** The partitions in a body that may hold other things too. What does not fit is noted in the body. */
    static List<TopicPartition> partitions(ControlBody body) {
        return list(
                body,
                PARTITIONS,
                Set.of("topic", "partition"),
                "a topic and a partition",
                (partition, item) -> Optional.of(partition));
    }

    private static <T> List<T> list(
            ControlBody body,
            String field,
            Set<String> fields,
            String shape,
            BiFunction<TopicPartition, JsonNode, Optional<T>> make) {
        List<T> list = new ArrayList<>();
        for (JsonNode item : body.items(field, MOST_PARTITIONS)) {
            Optional<T> made = !item.isObject() || !fields.containsAll(names(item))
                    ? Optional.empty()
                    : partition(item).flatMap(partition -> make.apply(partition, item));
            if (made.isEmpty()) {
                body.wrong(field + "[" + list.size() + "]: must have " + shape + ", and nothing else");
                return list;
            }
            list.add(made.get());
        }
        return list;
    }

    private static List<String> names(JsonNode item) {
        List<String> names = new ArrayList<>();
        item.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static Optional<TopicPartition> partition(JsonNode item) {
        JsonNode topic = item.path("topic");
        JsonNode partition = item.path("partition");
        if (!topic.isTextual()
                || !partition.isIntegralNumber()
                || !partition.canConvertToInt()
                || partition.intValue() < 0) {
            return Optional.empty();
        }
        return Optional.of(new TopicPartition(Parameters.topic(topic.textValue()), partition.intValue()));
    }

    static Set<TopicName> topics(List<String> names) {
        try {
            return Set.copyOf(names.stream().map(TopicName::parse).toList());
        } catch (TrunklineException e) {
            throw new TrunklineException(ErrorCode.INVALID_SUBSCRIPTION, e.userMessage());
        }
    }
}
