package io.trunkline.rest;

import io.trunkline.access.Principal;
import io.trunkline.access.Quotas;
import io.trunkline.access.Right;
import io.trunkline.topic.Creator;
import io.trunkline.topic.TopicName;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.function.Consumer;

/** In whose name topics are created, and how many it may have. */
@Singleton
class Creators {
    private final Quotas quotas;

    Creators(Quotas quotas) {
        this.quotas = quotas;
    }

    /** Of a request that creates a topic; nobody where nobody has to prove who they are. */
    Creator of(RoutingContext context) {
        return of(context, topic -> {});
    }

    /** Of a request that creates a topic because it appends to it; empty where the client may not. */
    Optional<Creator> automatic(RoutingContext context, TopicName name) {
        return Caller.of(context).has(name, Right.MANAGE)
                ? Optional.of(of(context, topic -> AuditFilter.created(context, topic)))
                : Optional.empty();
    }

    private Creator of(RoutingContext context, Consumer<TopicName> created) {
        return new Creator(
                Caller.of(context).principal().map(Principal::name),
                (topics, partitions) -> {
                    quotas.checkTopics(topics);
                    quotas.checkPartitions(partitions);
                },
                created);
    }

    /** What holds where a topic gets more partitions. */
    Creator.Limits growth() {
        return (topics, partitions) -> quotas.checkPartitions(partitions);
    }
}
