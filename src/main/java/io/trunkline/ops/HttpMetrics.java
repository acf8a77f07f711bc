package io.trunkline.ops;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.config.MeterFilter;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Bounds the labels of the requests' metrics: clients choose paths and methods, and a request that meets no operation would be
 * told under its own path.
 */
@Singleton
class HttpMetrics {
    private static final String REQUESTS = "http.server.requests";
    private static final String OTHER = "OTHER";
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

    /** The routes of the API, as they stand in its resources, and what Quarkus tells in place of one. */
    private static final Pattern ROUTES =
            Pattern.compile("(?:/(?:admin|assignments|beginning|consumers|end|groups|instances|offsets"
                    + "|openapi|partitions|positions|records|subscription|topics|\\{(?:group|groupid|name|partitionid|topicname)}))+"
                    + "|/|root|NOT_FOUND|REDIRECTION|UNKNOWN");

    @Produces
    @Singleton
    MeterFilter bounded() {
        return new MeterFilter() {
            @Override
            public Meter.Id map(Meter.Id id) {
                return id.getName().equals(REQUESTS) ? HttpMetrics.bounded(id) : id;
            }
        };
    }

    private static Meter.Id bounded(Meter.Id id) {
        List<Tag> tags = new ArrayList<>();
        for (Tag tag : id.getTags()) {
            boolean known = switch (tag.getKey()) {
                case "uri" -> ROUTES.matcher(tag.getValue()).matches();
                case "method" -> METHODS.contains(tag.getValue());
                default -> true;
            };
            tags.add(known ? tag : Tag.of(tag.getKey(), OTHER));
        }
        return id.replaceTags(tags);
    }
}
