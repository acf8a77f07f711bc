package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.topic.TopicName;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.Optional;
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
 * @param terms on which terms the records are written
 */
record ProduceCall(
        TopicName topic,
        OptionalInt partition,
        boolean async,
        RecordFormat format,
        String type,
        boolean codes,
        ProduceTerms terms) {
    private static final String REPLAYED = "Idempotency-Replayed";
    private static final Set<Include> INCLUDES = Set.of(Include.CODE);

    /** @throws TrunklineException {@code INVALID_PARAMETER} or {@code UNSUPPORTED_MEDIA_TYPE} */
    static ProduceCall of(
            TopicName topic,
            OptionalInt partition,
            @Nullable String async,
            @Nullable String include,
            String type,
            HttpServerRequest request) {
        boolean waitsForNothing = Parameters.bool("async", async).orElse(false);
        return new ProduceCall(
                topic,
                partition,
                waitsForNothing,
                RecordFormat.ofContentType(request.getHeader(HttpHeaders.CONTENT_TYPE)),
                type,
                Include.of(include, type, INCLUDES).contains(Include.CODE),
                ProduceTerms.of(request, partition, waitsForNothing));
    }

    /** Whether a record that cannot be written fails the request, because the response cannot tell of it or means all of them. */
    boolean allOrNothing() {
        return async || terms.expectedEnd().isPresent();
    }

    /** @throws TrunklineException {@code INVALID_REQUEST} for a condition on nothing */
    void check(ProduceRequest request) {
        if (terms.expectedEnd().isPresent() && request.records().count() == 0) {
            throw new TrunklineException(
                    ErrorCode.INVALID_REQUEST, "If-Match needs at least one record; nothing was written.");
        }
    }

    /** Adds the headers that a result has. */
    static void addHeaders(ProduceResult result, HttpServerResponse response) {
        if (result.isRepeated()) {
            response.putHeader(REPLAYED, "true");
        }
        result.endMoved()
                .ifPresent(moved -> response.putHeader(OffsetHeaders.END_OFFSET, Long.toString(moved.endOffset())));
    }

    /** A client that gets no offsets must not be told that nothing was written where something was. */
    private static void requireAll(ProduceResult result) {
        Optional<TrunklineException> first = Optional.empty();
        boolean someAreWritten = false;
        for (int i = 0; i < result.count(); i++) {
            TrunklineException failure = result.failure(i);
            if (failure == null) {
                someAreWritten = true;
            } else if (first.isEmpty()) {
                first = Optional.of(failure);
            }
        }
        if (first.isPresent()) {
            throw someAreWritten ? ProduceResult.incomplete(first.get()) : first.get();
        }
    }

    /** @throws TrunklineException the failure that is the same for every record, where no record can help it */
    byte[] body(ProduceResult result) {
        result.endMoved().ifPresent(moved -> {
            throw moved.failure();
        });
        if (async) {
            requireAll(result);
        }
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
