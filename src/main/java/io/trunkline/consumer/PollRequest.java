package io.trunkline.consumer;

import io.trunkline.group.ConsumerOptions;
import io.trunkline.log.Search;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What a poll asks for.
 *
 * @param timeout how long to wait at most for records; where empty, as long as the consumer was made to, or 100 ms
 * @param mostWait the longest that anybody may wait
 * @param maxBytes of keys, values and headers, and 64 for each record and header; a single record is given whatever its size
 * @param takes whether the caller can do with a record format; a poll of a consumer of another one is answered at once with
 *     no records, and costs the consumer nothing
 * @param search which records are wanted; all of them where empty. The consumer's positions move past the others as if they had been
 *     delivered, also where a poll ends without records
 */
public record PollRequest(
        Optional<Duration> timeout,
        Duration mostWait,
        long maxBytes,
        Predicate<String> takes,
        Optional<Search> search) {
    /** As the Strimzi Bridge waits where nothing is said. */
    private static final Duration DEFAULT_WAIT = Duration.ofMillis(100);

    /** Of a poll that wants all records. */
    public PollRequest(Optional<Duration> timeout, Duration mostWait, long maxBytes, Predicate<String> takes) {
        this(timeout, mostWait, maxBytes, takes, Optional.empty());
    }

    boolean takes(ConsumerOptions options) {
        return takes.test(options.format());
    }

    Duration wait(ConsumerOptions options) {
        Duration wait = timeout.orElseGet(() -> options.requestTimeoutMillis().isPresent()
                ? Duration.ofMillis(options.requestTimeoutMillis().getAsInt())
                : DEFAULT_WAIT);
        return wait.compareTo(mostWait) > 0 ? mostWait : wait;
    }
}
