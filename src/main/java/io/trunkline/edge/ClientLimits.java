package io.trunkline.edge;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Tags;
import io.netty.channel.Channel;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.MemorySize;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** How many connections and requests of clients there may be, what they may make the service hold, and for how long. */
@Singleton
class ClientLimits {
    private static volatile @Nullable ClientLimits current;

    private final HttpConfig config;
    private final long mostHeadBytes;
    private final Map<Integer, AtomicInteger> ofPort = new ConcurrentHashMap<>();
    private final AtomicLong headBytes = new AtomicLong();
    private final AtomicInteger requests = new AtomicInteger();
    private final Map<CloseReason, Counter> closed = new EnumMap<>(CloseReason.class);

    ClientLimits(HttpConfig config, ResponseBudget responses, RequestBudget bodies) {
        this.config = config;
        mostHeadBytes =
                config.maxHeadBytesInFlight().map(MemorySize::asLongValue).orElse(Heap.share(32));
        for (CloseReason reason : CloseReason.values()) {
            closed.put(
                    reason,
                    Counter.builder("trunkline.http.connections.closed")
                            .description("Connections that the service closed to protect itself")
                            .tag("reason", reason.name().toLowerCase(Locale.ROOT))
                            .register(Metrics.globalRegistry));
        }
        gauge("trunkline.http.connections", "Open connections, of all ports", "", this::count);
        gauge("trunkline.http.requests", "Requests under way, those that wait for records included", "", requests::get);
        gauge("trunkline.http.memory", "Memory that requests and responses hold", "heads", headBytes::get);
        gauge("trunkline.http.memory", "Memory that requests and responses hold", "bodies", bodies::bytesInFlight);
        gauge(
                "trunkline.http.memory",
                "Memory that requests and responses hold",
                "responses",
                responses::bytesInFlight);
    }

    private static void gauge(String name, String description, String of, Supplier<Number> value) {
        Gauge.builder(name, value)
                .description(description)
                .tags(of.isEmpty() ? Tags.empty() : Tags.of("of", of))
                .baseUnit(of.isEmpty() ? null : "bytes")
                .register(Metrics.globalRegistry);
    }

    /** Before the ports open. */
    void start(@Observes @Priority(10) StartupEvent event) {
        current = this;
    }

    void stop(@Observes ShutdownEvent event) {
        current = null;
    }

    /** Those of the running service, if there is one. */
    static @Nullable ClientLimits current() {
        return current;
    }

    /** Counts a request. Returns whether it may be served. */
    boolean requestBegan() {
        return requests.incrementAndGet() <= config.maxRequests();
    }

    static TrunklineException tooMany() {
        return new TrunklineException(
                ErrorCode.OVERLOADED,
                "Too many requests are under way (trunkline.http.max-requests); nothing was done. Try again.");
    }

    static TrunklineException tooLarge() {
        return new TrunklineException(
                ErrorCode.OVERLOADED,
                "The heads of the requests under way take too much memory (trunkline.http.max-head-bytes-in-flight);"
                        + " nothing was done. Try again.");
    }

    void requestEnded() {
        requests.decrementAndGet();
    }

    /** Counts a connection. Returns false, and does not count it, when its port has too many. */
    boolean opened(Channel channel) {
        AtomicInteger count = of(channel);
        if (count.incrementAndGet() > config.maxConnections()) {
            count.decrementAndGet();
            return false;
        }
        return true;
    }

    void ended(Channel channel) {
        of(channel).decrementAndGet();
    }

    /** Counts memory of heads before it is held. Returns false, and counts nothing, when there is no room for it. */
    boolean takeForHeads(long bytes) {
        long before = headBytes.getAndUpdate(held -> held + bytes <= mostHeadBytes ? held + bytes : held);
        return before + bytes <= mostHeadBytes;
    }

    void giveBackFromHeads(long bytes) {
        headBytes.addAndGet(-bytes);
    }

    void closed(CloseReason reason) {
        Counter counter = closed.get(reason);
        if (counter != null) {
            counter.increment();
        }
    }

    Duration requestTimeout() {
        return config.requestTimeout();
    }

    Duration responseTimeout() {
        return config.responseTimeout();
    }

    Duration idleTimeout() {
        return config.idleTimeout();
    }

    /** How long a client may take for a response of a size in bytes, in nanoseconds. */
    long responseNanos(long bytes) {
        long rate = Math.max(1, config.minTransferRate().asLongValue());
        return config.responseTimeout().toNanos() + Duration.ofSeconds(1).toNanos() * (bytes / rate);
    }

    /** How often a connection is looked after: often enough for the shortest limit, and rarely enough to cost nothing. */
    Duration checkInterval() {
        Duration shortest = config.requestTimeout().compareTo(config.responseTimeout()) < 0
                ? config.requestTimeout()
                : config.responseTimeout();
        Duration quarter = shortest.dividedBy(4);
        Duration most = Duration.ofSeconds(5);
        return quarter.compareTo(most) < 0 ? quarter.plusMillis(1) : most;
    }

    private int count() {
        return ofPort.values().stream().mapToInt(AtomicInteger::get).sum();
    }

    private AtomicInteger of(Channel channel) {
        int port = channel.localAddress() instanceof InetSocketAddress address ? address.getPort() : 0;
        return ofPort.computeIfAbsent(port, first -> new AtomicInteger());
    }
}
