package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.topic.TopicName;
import io.vertx.core.http.HttpServerRequest;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a produce request asks for, beside its records.
 *
 * @param partition the partition of all records; empty where each names its own, or none
 * @param async whether the client waits for no offsets
 * @param type the media type of the response
 * @param codes whether errors of records have their code
 */
record ProduceCall(
        TopicName topic, OptionalInt partition, boolean async, RecordFormat format, String type, boolean codes) {
    private static final Set<Include> INCLUDES = Set.of(Include.CODE);

    /** @throws TrunklineException {@code INVALID_PARAMETER} or {@code UNSUPPORTED_MEDIA_TYPE} */
    static ProduceCall of(
            TopicName topic,
            OptionalInt partition,
            @Nullable String async,
            @Nullable String include,
            String type,
            HttpServerRequest request) {
        return new ProduceCall(
                topic,
                partition,
                Parameters.bool("async", async).orElse(false),
                RecordFormat.ofContentType(request.getHeader(HttpHeaders.CONTENT_TYPE)),
                type,
                Include.of(include, type, INCLUDES).contains(Include.CODE));
    }

    /** @throws TrunklineException the failure that is the same for every record, where no record can help it */
    byte[] body(ProduceResult result) {
        if (result.count() > 0) {
            TrunklineException first = result.failure(0);
            boolean allFailed = first != null
                    && (ErrorStatus.of(first.code()) >= 500 || first.code() == ErrorCode.DATABASE_PERMISSION_MISSING);
            for (int i = 1; i < result.count() && allFailed; i++) {
                TrunklineException failure = result.failure(i);
                allFailed = failure != null && first != null && failure.code() == first.code();
            }
            if (allFailed && first != null) {
                throw first;
            }
        }
        return OffsetsJson.of(result, codes);
    }
}
