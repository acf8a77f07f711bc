package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.core.http.HttpServerRequest;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * On which terms a request writes its records.
 *
 * @param key where given, a repetition of the request writes nothing
 * @param fingerprint of the request without its body, where there is a key
 * @param expectedEnd where given, the end offset that the partition must have
 */
record ProduceTerms(Optional<IdempotencyKey> key, Optional<RequestFingerprint> fingerprint, OptionalLong expectedEnd) {
    private static final String IF_MATCH = "If-Match";
    private static final Pattern OFFSET_TAG = Pattern.compile("\"(0|[1-9][0-9]{0,18})\"");
    private static final ProduceTerms NONE = new ProduceTerms(Optional.empty(), Optional.empty(), OptionalLong.empty());

    /**
     * The terms in the headers of a request.
     *
     * @param partition the partition that the path names
     * @param async whether the client waits for no offsets
     * @throws TrunklineException {@code INVALID_PARAMETER}
     */
    static ProduceTerms of(HttpServerRequest request, OptionalInt partition, boolean async) {
        Optional<String> key = single(request, IdempotencyKey.HEADER);
        Optional<String> match = single(request, IF_MATCH);
        if (key.isEmpty() && match.isEmpty()) {
            return NONE;
        }
        return new ProduceTerms(
                key.map(IdempotencyKey::parse),
                key.map(given -> RequestFingerprint.of(request, partition, async || match.isPresent())),
                match.isPresent() ? OptionalLong.of(end(match.get(), partition, async)) : OptionalLong.empty());
    }

    boolean areNone() {
        return key.isEmpty() && expectedEnd.isEmpty();
    }

    /** The key with what tells its request from others. Takes time for a large body. */
    Optional<RequestKey> requestKey(String principal, ByteBuffer body) {
        return key.flatMap(
                given -> fingerprint.map(request -> new RequestKey(principal, given.value(), request.with(body))));
    }

    private static Optional<String> single(HttpServerRequest request, String header) {
        String first = request.getHeader(header);
        if (first == null) {
            return Optional.empty();
        }
        List<String> all = request.headers().getAll(header);
        if (all.size() > 1) {
            throw invalid("The header " + header + " is given more than once.");
        }
        return Optional.of(first.strip());
    }

    private static long end(String tag, OptionalInt partition, boolean async) {
        if (partition.isEmpty()) {
            throw invalid("If-Match needs a partition: use /topics/{topicname}/partitions/{partitionid}.");
        }
        if (async) {
            throw invalid("If-Match cannot be used with async=true: the response would come before the comparison.");
        }
        Matcher offset = OFFSET_TAG.matcher(tag);
        if (offset.matches()) {
            try {
                return Long.parseLong(offset.group(1));
            } catch (NumberFormatException e) {
                throw invalidTag(); // 19 digits beyond the range of a long
            }
        }
        throw invalidTag();
    }

    private static TrunklineException invalidTag() {
        return invalid(
                "If-Match must be the expected end offset in double quotes, such as \"42\": no list, no weak tag,"
                        + " and no *.");
    }

    private static TrunklineException invalid(String message) {
        return new TrunklineException(ErrorCode.INVALID_PARAMETER, message);
    }
}
