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
 * @param body how the records stand in the body
 * @param type the media type of the response
 * @param codes whether errors of records have their code
 * @param quiet whether the response has no body
 * @param terms on which terms the records are written
 */
record ProduceCall(
        TopicName topic,
        OptionalInt partition,
        boolean async,
        ProduceBody body,
        String type,
        boolean codes,
        boolean quiet,
        ProduceTerms terms) {
    private static final String REPLAYED = "Idempotency-Replayed";
    private static final Set<Include> INCLUDES = Set.of(Include.CODE);

    /** @throws TrunklineException {@code INVALID_PARAMETER}, or as {@link ProduceBody#of} */
    static ProduceCall of(TopicName topic, OptionalInt partition, String type, HttpServerRequest request) {
        String query = request.query();
        boolean waitsForNothing = Parameters.flag("async", query);
        ProduceBody body = ProduceBody.of(request);
        return new ProduceCall(
                topic,
                partition,
                waitsForNothing,
                body,
                type,
                Include.of(Parameters.text(Include.PARAMETER, query).orElse(null), type, INCLUDES)
                        .contains(Include.CODE),
                waitsForNothing
                        || body.isEvent()
                                && !MediaTypes.namesControl(request.headers().getAll(HttpHeaders.ACCEPT)),
                ProduceTerms.of(request, partition, waitsForNothing));
    }

    /** Whether a record that cannot be written fails the request, because the response cannot tell of it or means all of them. */
    boolean allOrNothing() {
        return isTold() || terms.expectedEnd().isPresent();
    }

    /** Whether the response tells of all records as one: a client that gets no offsets must not be told that all is well. */
    private boolean isTold() {
        return async || body.isWhole();
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

    /** The status of a response without a body. */
    int quietStatus() {
        return async ? 204 : 202;
    }

    /**
     * The body of the response; empty for a client that takes none.
     *
     * @throws TrunklineException the failure that is the same for every record, where no record can help it; and that of any record
     *     where they are told of as one
     */
    Optional<byte[]> response(ProduceResult result) {
        result.endMoved().ifPresent(moved -> {
            throw moved.failure();
        });
        @Nullable TrunklineException first = result.failure();
        if (first != null && isTold()) {
            throw result.isAnyWritten() ? partly(first) : first;
        }
        boolean allFailed = first != null;
        for (int i = 0; i < result.count(); i++) {
            TrunklineException failure = result.failure(i);
            allFailed &= failure != null && first != null && failure.code() == first.code();
        }
        if (first != null && allFailed && isNoFaultOfRecords(first.code())) {
            throw first;
        }
        return quiet ? Optional.empty() : Optional.of(OffsetsJson.of(result, codes));
    }

    /** What became of records of which some are written, where the response tells nothing of each. */
    private TrunklineException partly(TrunklineException failure) {
        if (terms.key().isPresent()) {
            return ProduceResult.incomplete(failure);
        }
        return new TrunklineException(
                ErrorCode.OUTCOME_UNKNOWN,
                "Some of the records were written, and others were not, or may not have been: "
                        + failure.userMessage());
    }

    private static boolean isNoFaultOfRecords(ErrorCode code) {
        return ErrorStatus.of(code) >= 500 || code == ErrorCode.DATABASE_PERMISSION_MISSING;
    }
}
