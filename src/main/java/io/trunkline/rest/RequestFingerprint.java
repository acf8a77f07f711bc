package io.trunkline.rest;

import io.trunkline.rest.event.EventHeaders;
import io.trunkline.rest.event.EventText;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What repetitions of a produce request have in common, and other requests do not: the partition in the path, the media type,
 * the query parameters and {@code ce-} headers that say what the records are, whether all of them are written or none, and the
 * body.
 */
final class RequestFingerprint {
    /** Parameters that the response depends on; what else {@code async} decides is a fact of its own. */
    private static final Set<String> OF_THE_RESPONSE = Set.of("async", Include.PARAMETER);
    /** Headers that are attributes of a record, where the request is an event (CloudEvents, binary mode). */
    private static final String ATTRIBUTES = "ce-";

    private final byte[] head;

    private RequestFingerprint(byte[] head) {
        this.head = head;
    }

    /**
     * The fingerprint of a request without its body.
     *
     * @param allOrNothing whether a record that cannot be written fails the request: the same records have another result then
     */
    static RequestFingerprint of(HttpServerRequest request, OptionalInt partition, boolean allOrNothing) {
        Map<String, List<String>> facts = new TreeMap<>();
        facts.put("partition", List.of(partition.isPresent() ? Integer.toString(partition.getAsInt()) : ""));
        facts.put("all", List.of(Boolean.toString(allOrNothing)));
        @Nullable String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
        String name = MediaTypes.name(type);
        boolean isData = EventHeaders.areMeant(request.headers(), name);
        // That of an event stands in its record; of any other only the charset is taken, and that must be UTF-8.
        boolean isKept = type != null && (isData || name.startsWith(EventText.ANY));
        facts.put("type", List.of(isKept ? type.strip() : name));
        facts.put("query", parameters(request.query()));
        if (isData) {
            request.headers().names().stream()
                    .map(header -> header.toLowerCase(Locale.ROOT))
                    .filter(header -> header.startsWith(ATTRIBUTES))
                    .forEach(header -> facts.put(header, request.headers().getAll(header)));
        }
        return new RequestFingerprint(text(facts).getBytes(StandardCharsets.UTF_8));
    }

    /** The parameters as they stand in the query, in an order of their own. */
    private static List<String> parameters(@Nullable String query) {
        return query == null
                ? List.of()
                : Arrays.stream(query.split("&"))
                        .filter(pair -> !OF_THE_RESPONSE.contains(pair.split("=", 2)[0]))
                        .sorted()
                        .toList();
    }

    /** The SHA-256 of all of it: 32 bytes. */
    byte[] with(ByteBuffer body) {
        MessageDigest digest = sha256();
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, head.length));
        digest.update(head);
        digest.update(body.duplicate());
        return digest.digest();
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** With the length of each text, so that other facts make another text. */
    private static String text(Map<String, List<String>> facts) {
        StringBuilder text = new StringBuilder();
        facts.forEach((name, values) -> {
            text.append(name.length()).append(':').append(name).append(values.size());
            values.forEach(
                    value -> text.append(' ').append(value.length()).append(':').append(value));
            text.append('\n');
        });
        return text.toString();
    }
}
