package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.json.JsonPointer;
import io.trunkline.rest.event.EventHeaders;
import io.trunkline.topic.Creator;
import io.trunkline.topic.TopicName;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a request with a streamed body asks for, beside its lines.
 *
 * @param partition the partition of all records; empty where each goes by its key, or to any
 * @param key where in each value its key stands; empty for records without keys
 * @param each whether the response has the offset of each record
 * @param creator in whose name the topic is created where it does not exist; empty for a client that may not
 */
record LinesCall(
        TopicName topic, OptionalInt partition, Optional<JsonPointer> key, boolean each, Optional<Creator> creator) {

    /** Whether a request has such a body, by its media type, and it is not the data of a CloudEvent. */
    static boolean isMeant(HttpServerRequest request) {
        String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
        if (type == null || !type.regionMatches(true, 0, "application/", 0, 12)) {
            return false;
        }
        String name = MediaTypes.name(type);
        boolean lines = name.equals(MediaTypes.LINES) || name.equals(MediaTypes.LINES_TOO);
        return lines && !EventHeaders.areMeant(request.headers(), name);
    }

    /**
     * Reads a request.
     *
     * @throws TrunklineException {@code INVALID_PARAMETER}, or as {@link BodyFilter#checkEncoding}
     */
    static LinesCall of(TopicName topic, OptionalInt partition, Creators creators, RoutingContext context) {
        HttpServerRequest request = context.request();
        BodyFilter.checkEncoding(request);
        for (String header : new String[] {IdempotencyKey.HEADER, HttpHeaders.IF_MATCH}) {
            if (request.getHeader(header) != null) {
                throw new TrunklineException(
                        ErrorCode.INVALID_PARAMETER,
                        "The header " + header + " cannot be used with lines, which are written as they arrive;"
                                + " nothing was written.");
            }
        }
        String query = request.query();
        if (Parameters.flag("async", query)) {
            throw new TrunklineException(
                    ErrorCode.INVALID_PARAMETER, "The parameter async cannot be used with lines; nothing was written.");
        }
        return new LinesCall(
                topic,
                partition,
                Parameters.text(ProduceBody.KEY, query).map(text -> JsonPointer.parse(ProduceBody.KEY, text)),
                Parameters.flag(ProduceBody.EACH_OFFSET, query),
                creators.automatic(context, topic));
    }
}
