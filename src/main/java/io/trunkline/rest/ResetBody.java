package io.trunkline.rest;

import io.trunkline.access.Right;
import io.trunkline.group.GroupReset;
import io.trunkline.group.GroupReset.Scope;
import io.trunkline.group.GroupReset.Target;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The body of a reset.
 *
 * @param dryRun whether it is only to be told what the reset would do
 */
record ResetBody(GroupReset reset, boolean dryRun) {
    private static final String TO = "to";
    private static final String TIMESTAMP = "timestamp";
    private static final String SHIFT = "shift";
    private static final String OFFSETS = "offsets";
    private static final String TOPICS = "topics";
    private static final String PARTITIONS = "partitions";
    private static final String DRY_RUN = "dry_run";
    private static final Set<String> FIELDS = Set.of(TO, TIMESTAMP, SHIFT, OFFSETS, TOPICS, PARTITIONS, DRY_RUN);
    private static final int MOST_TOPICS = 10_000;

    /**
     * What a request says, of topics that its client may read.
     *
     * @throws io.trunkline.error.TrunklineException {@code INVALID_REQUEST} for a body that does not fit; {@code TOPIC_NOT_FOUND}
     *     or {@code ACCESS_DENIED} for a topic that it names
     */
    static ResetBody parse(RoutingContext context) {
        ControlBody body = ControlBody.parse(context, FIELDS);
        boolean dryRun = body.bool(DRY_RUN).orElse(false);
        if (dryRun) {
            AuditFilter.changesNothing(context);
        }
        List<Target> targets = new ArrayList<>();
        body.text(TO).flatMap(text -> target(body, text)).ifPresent(targets::add);
        body.wholeLong(TIMESTAMP).ifPresent(time -> targets.add(new Target.Time(time)));
        body.signedLong(SHIFT).ifPresent(records -> targets.add(new Target.Shift(records)));
        if (body.has(OFFSETS)) {
            targets.add(new Target.Offsets(ConsumerBody.offsets(body)));
        }
        List<String> topics = body.has(TOPICS) ? body.textItems(TOPICS, MOST_TOPICS) : List.of();
        List<TopicPartition> partitions = body.has(PARTITIONS) ? ConsumerBody.partitions(body) : List.of();
        if (body.has(OFFSETS) && body.has(TOPICS)) {
            body.wrong("topics: not together with offsets");
        }
        if (body.has(PARTITIONS) && (body.has(OFFSETS) || body.has(TOPICS))) {
            body.wrong("partitions: not together with offsets or topics");
        }
        body.check();
        if (body.has(PARTITIONS) && partitions.isEmpty()) {
            // What it would mean could be all of them.
            body.wrong("partitions: must name at least one");
        }
        if (targets.size() != 1) {
            body.wrong("one of to, timestamp, shift and offsets must be given");
        }
        body.check();
        List<TopicName> names = topics.stream().map(Parameters::topic).toList();
        Scope scope = body.has(PARTITIONS)
                ? new Scope.Partitions(partitions)
                : names.isEmpty() ? new Scope.Known() : new Scope.Topics(names);
        GroupReset reset = new GroupReset(targets.getFirst(), scope);
        Caller.of(context)
                .check(
                        switch (reset.scope()) {
                            case Scope.Known() -> List.of();
                            case Scope.Topics named -> named.names();
                            case Scope.Partitions named ->
                                named.names().stream()
                                        .map(TopicPartition::topic)
                                        .toList();
                        },
                        Right.READ);
        return new ResetBody(reset, dryRun);
    }

    private static Optional<Target> target(ControlBody body, String text) {
        return switch (text) {
            case "earliest" -> Optional.of(new Target.Earliest());
            case "latest" -> Optional.of(new Target.Latest());
            default -> {
                body.wrong("to: must be earliest or latest");
                yield Optional.empty();
            }
        };
    }
}
