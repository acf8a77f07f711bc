package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.core.http.HttpServerRequest;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The media types of the API, and which one an answer gets. */
final class MediaTypes {
    /** Control bodies, and every error. */
    static final String CONTROL = "application/vnd.kafka.v2+json";

    static final String JSON = "application/vnd.kafka.json.v2+json";
    static final String BINARY = "application/vnd.kafka.binary.v2+json";
    static final String TEXT = "application/vnd.kafka.text.v2+json";
    static final String PLAIN_JSON = MediaType.APPLICATION_JSON;

    /** One record as it is, of any bytes or of text. */
    static final String BYTES = MediaType.APPLICATION_OCTET_STREAM;

    static final String PLAIN_TEXT = MediaType.TEXT_PLAIN;
    /** Lines of one JSON value each, under both of their names. */
    static final String LINES = "application/x-ndjson";

    static final String LINES_TOO = "application/jsonl";

    /** Headers that were parsed, the first ones: clients repeat theirs with each request. */
    private static final Map<String, List<MediaType>> KNOWN = new ConcurrentHashMap<>();

    private static final Pattern QUALITY = Pattern.compile("q=[01](\\.[0-9]{0,3})?");

    private static final int MOST_KNOWN = 100;
    private static final int LONGEST_KNOWN = 200;

    private MediaTypes() {}

    /**
     * What the client accepts, best first. Ask before anything is done: the header is untrusted text.
     *
     * @throws TrunklineException {@code NOT_ACCEPTABLE} for a header that cannot be read
     */
    static List<MediaType> accepted(HttpHeaders headers) {
        String header = headers.getHeaderString(HttpHeaders.ACCEPT);
        if (header == null) {
            return List.of();
        }
        List<MediaType> known = KNOWN.get(header);
        if (known == null) {
            known = parsed(headers);
            if (header.length() <= LONGEST_KNOWN && KNOWN.size() < MOST_KNOWN) {
                KNOWN.put(header, known);
            }
        }
        return known;
    }

    private static List<MediaType> parsed(HttpHeaders headers) {
        try {
            return headers.getAcceptableMediaTypes().stream()
                    .filter(type -> !type.getParameters().getOrDefault("q", "1").matches("0(\\.0*)?"))
                    .toList();
        } catch (IllegalArgumentException | WebApplicationException e) {
            throw new TrunklineException(
                    ErrorCode.NOT_ACCEPTABLE, "The Accept header is not a list of media types; nothing was done.");
        }
    }

    /** What a client accepts of records: any format, or those of the names, in lower case without parameters. */
    record Wanted(boolean anything, List<String> names) {}

    /** What the client accepts of the records that a consumer gives, for which the control type stands for any format. */
    static Wanted records(HttpHeaders headers) {
        List<MediaType> types = accepted(headers);
        boolean anything = types.isEmpty()
                || types.stream()
                        .anyMatch(type -> type.isWildcardType()
                                || (type.getType().equals("application") && type.isWildcardSubtype())
                                || is(type, CONTROL));
        return new Wanted(
                anything,
                types.stream()
                        .map(type -> (type.getType() + "/" + type.getSubtype()).toLowerCase(Locale.ROOT))
                        .toList());
    }

    /** The type of a control answer: what the client understands of the two names for it. */
    static String control(HttpHeaders headers) {
        return control(accepted(headers));
    }

    /** The type of a control answer for an Accept header that was parsed before; null for another one. */
    static @Nullable String knownControl(String header) {
        List<MediaType> types = KNOWN.get(header);
        return types == null ? null : control(types);
    }

    private static String control(List<MediaType> types) {
        for (MediaType type : types) {
            if (type.isWildcardType() || is(type, CONTROL)) {
                return CONTROL;
            }
            if (is(type, PLAIN_JSON)) {
                return PLAIN_JSON;
            }
        }
        return CONTROL;
    }

    /**
     * As {@link #control(HttpHeaders)}, where there is no layer of resources to read the headers. What cannot be read of them is as
     * if it were not there.
     */
    static String control(HttpServerRequest request) {
        List<String> headers = request.headers().getAll(HttpHeaders.ACCEPT);
        String known = headers.size() == 1 ? knownControl(headers.getFirst()) : null;
        if (headers.isEmpty() || known != null) {
            return known == null ? CONTROL : known;
        }
        String best = CONTROL;
        double most = 0;
        for (String type : String.join(",", headers).split(",")) {
            String name = name(type);
            // Of those that are wanted equally a name goes before a range.
            double quality = quality(type) - (name.startsWith("*/") ? 0.000_1 : 0);
            boolean control = name.equals(CONTROL) || name.startsWith("*/");
            if (quality > most && (control || name.equals(PLAIN_JSON))) {
                most = quality;
                best = control ? CONTROL : PLAIN_JSON;
            }
        }
        return best;
    }

    /** How much a media type in an Accept header is wanted, from 0 to 1. */
    private static double quality(String type) {
        for (String parameter : type.split(";")) {
            String text = parameter.strip().toLowerCase(Locale.ROOT);
            if (text.startsWith("q=")) {
                return QUALITY.matcher(text).matches() ? Double.parseDouble(text.substring(2)) : 0;
            }
        }
        return 1;
    }

    /** Whether a client wants a page for people more than anything that the API gives: browsers do when somebody looks. */
    static boolean prefersHtml(HttpServerRequest request) {
        double html = 0;
        double others = 0;
        for (String type :
                String.join(",", request.headers().getAll(HttpHeaders.ACCEPT)).split(",")) {
            switch (name(type)) {
                case "text/html" -> html = Math.max(html, quality(type));
                case PLAIN_JSON, "application/*", "*/*" -> others = Math.max(others, quality(type));
                default -> {} // nothing that the API gives here
            }
        }
        return html > others;
    }

    /** Whether an Accept header names one of the types of a control answer, and not only a range that has them. */
    static boolean namesControl(List<String> headers) {
        return headers.stream()
                .flatMap(header -> Arrays.stream(header.split(",")))
                .filter(type -> quality(type) > 0)
                .map(MediaTypes::name)
                .anyMatch(name -> name.equals(CONTROL) || name.equals(PLAIN_JSON));
    }

    /** Whether a media type is this one, whatever its parameters. */
    static boolean is(MediaType type, String name) {
        return (type.getType() + "/" + type.getSubtype()).equalsIgnoreCase(name);
    }

    /** The name of a media type in a header, without parameters and in lower case; empty when there is none. */
    static String name(@Nullable String header) {
        if (header == null) {
            return "";
        }
        int semicolon = header.indexOf(';');
        return (semicolon < 0 ? header : header.substring(0, semicolon)).strip().toLowerCase(Locale.ROOT);
    }
}
