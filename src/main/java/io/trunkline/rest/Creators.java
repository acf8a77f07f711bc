package io.trunkline.rest;

import io.trunkline.access.Principal;
import io.trunkline.access.Quotas;
import io.trunkline.topic.Creator;
import io.trunkline.topic.TopicName;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
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

    /** Of a request that creates a topic because it appends to it. */
    Creator automatic(RoutingContext context) {
        return of(context, topic -> AuditFilter.created(context, topic));
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
