package io.trunkline.access;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * That somebody did something that changes what others find, or was refused it. Texts that do not apply are empty. There is no
 * room for secrets and payloads.
 *
 * @param action the id of the operation, as in the OpenAPI document
 * @param principal of the client, empty where nobody has to prove who they are or the client could not
 * @param credential what proved it, or was to: {@code token <id>}, {@code oidc} or {@code certificate}
 * @param address of the client
 * @param about what was to be changed: names by what they are the names of, such as {@code topic}
 * @param code of the failure, empty where there was none
 * @param request the id of the request
 */
public record AuditEvent(
        Instant at,
        String action,
        Outcome outcome,
        String principal,
        String credential,
        String address,
        Map<String, String> about,
        String code,
        String request) {
    private static final int LONGEST = 300;
    private static final int FIRST_PRINTABLE = ' ';
    private static final int LAST_PRINTABLE = '~';
    private static final String PLAIN = "-_.:/@+*";

    /** How it ended. */
    public enum Outcome {
        DONE("done"),
        /** The client may not do it, or not now: nothing was done. */
        REFUSED("refused"),
        /** It was not done for another reason. */
        FAILED("failed"),
        /** It may have been done: the connection to PostgreSQL was lost, or the client went before the response. */
        UNKNOWN("unknown");

        private final String text;

        Outcome(String text) {
            this.text = text;
        }
    }

    public AuditEvent {
        Objects.requireNonNull(at);
        about = Map.copyOf(about);
    }

    /** The fields that apply, in their order; what the client has chosen is cut to 300 characters. */
    public Map<String, String> fields() {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("action", action);
        fields.put("outcome", outcome.text);
        fields.put("principal", principal);
        fields.put("credential", credential);
        fields.put("address", address);
        about.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(name -> fields.putIfAbsent(name.getKey(), name.getValue()));
        fields.put("code", code);
        fields.put("request", request);
        fields.values().removeIf(String::isEmpty);
        fields.replaceAll((key, value) -> value.substring(0, Math.min(LONGEST, value.length())));
        return fields;
    }

    /** Fields as one line, of which no value can begin a new line or another field. */
    static String line(Map<String, String> fields) {
        return fields.entrySet().stream()
                .map(field -> field.getKey() + "=" + quoted(field.getValue()))
                .collect(Collectors.joining(" "));
    }

    private static String quoted(String value) {
        if (value.chars().allMatch(AuditEvent::isPlain)) {
            return value;
        }
        StringBuilder text = new StringBuilder("\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c >= FIRST_PRINTABLE && c <= LAST_PRINTABLE || Character.isLetterOrDigit(c)) {
                text.append(c);
            } else {
                text.append(String.format("\\u%04x", (int) c));
            }
        }
        return text.append('"').toString();
    }

    private static boolean isPlain(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || PLAIN.indexOf(c) >= 0;
    }
}
