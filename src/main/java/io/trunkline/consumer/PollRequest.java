package io.trunkline.consumer;

import io.trunkline.group.ConsumerOptions;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a poll asks for.
 *
 * @param timeout how long to wait at most for records; where empty, as long as the consumer was made to, or 100 ms
 * @param mostWait the longest that anybody may wait
 * @param maxBytes of keys, values and headers, and 64 for each record and header; a single record is given whatever its size
 * @param check refuses, by a {@link io.trunkline.error.TrunklineException}, what the consumer was not made for
 */
public record PollRequest(
        Optional<Duration> timeout, Duration mostWait, long maxBytes, Consumer<ConsumerOptions> check) {
    /** As the Strimzi Bridge waits where nothing is said. */
    private static final Duration DEFAULT_WAIT = Duration.ofMillis(100);

    void check(ConsumerOptions options) {
        check.accept(options);
    }

    Duration wait(ConsumerOptions options) {
        Duration wait = timeout.orElseGet(() -> options.requestTimeoutMillis().isPresent()
                ? Duration.ofMillis(options.requestTimeoutMillis().getAsInt())
                : DEFAULT_WAIT);
        return wait.compareTo(mostWait) > 0 ? mostWait : wait;
    }
}
