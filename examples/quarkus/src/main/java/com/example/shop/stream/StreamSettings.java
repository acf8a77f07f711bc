package com.example.shop.stream;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which topic is followed, and how.
 *
 * @param service the address of Trunkline, such as {@code http://localhost:8080}
 * @param topic the name of the topic
 * @param token the access token to show; empty where Trunkline asks for none
 * @param silence how long nothing may come before the connection counts as lost. Trunkline sends a heartbeat every 15 s
 * @param maxEventBytes how large an event may be; JSON needs up to six bytes for a byte of a record
 */
public record StreamSettings(URI service, String topic, Optional<String> token, Duration silence, int maxEventBytes) {
    private static final Pattern TOPIC = Pattern.compile("[a-zA-Z0-9._-]{1,249}");
    private static final Pattern TOKEN = Pattern.compile("[!-~]+");

    /** @throws IllegalArgumentException if a setting is not legal */
    public StreamSettings {
        String scheme = service.getScheme();
        if (service.getHost() == null || !("http".equals(scheme) || "https".equals(scheme))) {
            throw new IllegalArgumentException("The address of Trunkline must begin with http:// or https://.");
        }
        if (!TOPIC.matcher(topic).matches()) {
            throw new IllegalArgumentException("Invalid topic name.");
        }
        if (token.isPresent() && !TOKEN.matcher(token.get()).matches()) {
            throw new IllegalArgumentException("The access token has characters that no token has.");
        }
        if (!silence.isPositive() || maxEventBytes <= 0) {
            throw new IllegalArgumentException("The longest silence and the largest event must be positive.");
        }
    }

    /** Settings that suit a topic whose records are not larger than 1 MiB. */
    public static StreamSettings of(URI service, String topic, Optional<String> token) {
        return new StreamSettings(service, topic, token, Duration.ofSeconds(45), 8 << 20);
    }

    URI stream() {
        String base = service.toString().replaceFirst("/+$", "");
        return URI.create(base + "/topics/" + topic + "/records");
    }

    /** The token stays out of service logs. */
    @Override
    public String toString() {
        return "StreamSettings[" + stream() + "]";
    }
}
