package io.trunkline.ops;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.config.MeterFilter;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Bounds the labels of the requests' metrics: clients choose paths and methods, and a request that meets no operation would be
 * told under its own path.
 */
@Singleton
class HttpMetrics {
    private static final String REQUESTS = "http.server.requests";
    private static final String OTHER = "OTHER";
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

    /** What the routes of the API are made of; a test holds it against the OpenAPI document. */
    static final Set<String> SEGMENTS =
            Set.of(("admin assignments beginning callback consumers end groups history instances login offsets openapi"
                            + " overview partitions positions records rules session subscription tokens topics"
                            + " {group} {groupid} {id} {name} {partitionid} {topicname}")
                    .split(" "));

    /** The route of {@code GET /}, all of the console, and what Quarkus tells in place of a route. */
    private static final Set<String> WHOLE = Set.of("/", "/console", "root", "NOT_FOUND", "REDIRECTION", "UNKNOWN");

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
                case "uri" -> isRoute(tag.getValue());
                case "method" -> METHODS.contains(tag.getValue());
                default -> true;
            };
            tags.add(known ? tag : Tag.of(tag.getKey(), OTHER));
        }
        return id.replaceTags(tags);
    }

    /** Whether requests are told under this label. */
    static boolean isRoute(String label) {
        return WHOLE.contains(label)
                || label.startsWith("/")
                        && Arrays.stream(label.substring(1).split("/", -1)).allMatch(SEGMENTS::contains);
    }
}
