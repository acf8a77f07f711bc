package io.trunkline.command;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How long a token is valid: such as {@code 90d}, {@code 12h} or {@code 30m}, or {@code never} expiring. */
final class Lifetime {
    static final String FORM = "90d, 12h or 30m, or never";

    private static final Pattern LEGAL = Pattern.compile("([1-9][0-9]{0,5})([mhd])");
    private static final Duration LONGEST = Duration.ofDays(3653);

    private Lifetime() {}

    /** Empty for one that never ends. */
    static Optional<Duration> parse(String text) {
        if (text.equals("never")) {
            return Optional.empty();
        }
        Matcher matcher = LEGAL.matcher(text);
        if (matcher.matches()) {
            long count = Long.parseLong(matcher.group(1));
            Duration lifetime = switch (matcher.group(2)) {
                case "m" -> Duration.ofMinutes(count);
                case "h" -> Duration.ofHours(count);
                default -> Duration.ofDays(count);
            };
            if (lifetime.compareTo(LONGEST) <= 0) {
                return Optional.of(lifetime);
            }
        }
        throw new UsageException("--expires is " + text + ", but must be " + FORM + ", and at most 3653d.");
    }
}
