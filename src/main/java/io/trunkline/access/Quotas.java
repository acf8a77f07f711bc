package io.trunkline.access;

import io.quarkus.runtime.configuration.MemorySize;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** How much of the service each principal uses on this replica, and whether that is too much. Calls cost no query and no lock. */
@Singleton
public class Quotas {
    /** Principals that are told apart; further ones share one account. */
    static final int MOST_ACCOUNTS = 10_000;

    /**
     * How much of a second's worth may come at once: little enough that ten seconds are held within a tenth, and enough that a
     * client that heeds {@code Retry-After}, which has whole seconds, gets most of its rate.
     */
    private static final double BURST = 0.9;

    private static final long FORGOTTEN = TimeUnit.MINUTES.toNanos(1);

    private final QuotaConfig config;
    private final LongSupplier nanoTime;
    private final Consumer<Quota> rejections;
    private final BoundedTable<Account> accounts;

    @Inject
    Quotas(QuotaConfig config) {
        this(config, System::nanoTime, QuotaMetrics::rejected);
        QuotaMetrics.register();
    }

    Quotas(QuotaConfig config, LongSupplier nanoTime, Consumer<Quota> rejections) {
        this.config = config;
        this.nanoTime = nanoTime;
        this.rejections = rejections;
        accounts = new BoundedTable<>(MOST_ACCOUNTS, Account::new, Account::isIdle, nanoTime.getAsLong());
    }

    /** Whether there is anything to count for a request. */
    public boolean limitRequests() {
        return config.requests().isPresent()
                || config.bytesWritten().isPresent()
                || config.bytesRead().isPresent()
                || config.openPolls().isPresent();
    }

    /** What a principal uses, or everybody where nobody has to prove who they are. */
    public Account of(Optional<Principal> principal) {
        long now = nanoTime.getAsLong();
        Account account = accounts.of(principal.map(Principal::name).orElse(""), now);
        account.usedAt = now;
        return account;
    }

    /**
     * Sees to it that a principal does not come to have more topics than it may.
     *
     * @throws TrunklineException {@code QUOTA_EXCEEDED}
     */
    public void checkTopics(long topics) {
        check(Quota.TOPICS, config.topics(), topics);
    }

    /** As {@link #checkTopics}, for the partitions of the topics that a principal has created. */
    public void checkPartitions(long partitions) {
        check(Quota.PARTITIONS, config.partitions(), partitions);
    }

    /** As {@link #checkTopics}, for consumers. */
    public void checkConsumers(long consumers) {
        check(Quota.CONSUMERS, config.consumers(), consumers);
    }

    /** Whether consumers have to be counted. */
    public boolean limitConsumers() {
        return config.consumers().isPresent();
    }

    private void check(Quota quota, Optional<Integer> limit, long count) {
        if (limit.isPresent() && count > limit.get()) {
            throw exceeded(quota, limit.get());
        }
    }

    /** That a quota of a count is used up, for which no waiting helps. */
    private TrunklineException exceeded(Quota quota, int limit) {
        rejections.accept(quota);
        String of = switch (quota) {
            case OPEN_POLLS -> " polls and fetches at once";
            case CONSUMERS -> " consumers";
            case TOPICS -> " topics";
            case PARTITIONS -> " partitions";
            case REQUESTS, BYTES_WRITTEN, BYTES_READ -> " a second";
        };
        return new TrunklineException(
                ErrorCode.QUOTA_EXCEEDED,
                "The quota of " + limit + of + " is used up (" + quota.setting() + "); nothing was done.");
    }

    private TrunklineException exceeded(Quota quota, long perSecond, long nanos) {
        rejections.accept(quota);
        String of =
                quota == Quota.REQUESTS ? " requests" : quota == Quota.BYTES_READ ? " bytes read" : " bytes written";
        return TrunklineException.retriable(
                ErrorCode.QUOTA_EXCEEDED,
                "The quota of " + perSecond + of + " a second is used up (" + quota.setting() + "); nothing was done.",
                Duration.ofNanos(nanos));
    }

    /** What one principal uses. Any thread may ask. */
    public final class Account {
        private final @Nullable Bucket requests;
        private final @Nullable Bucket written;
        private final @Nullable Bucket read;
        private final AtomicInteger open = new AtomicInteger();
        private volatile long usedAt;

        private Account(long now) {
            usedAt = now;
            requests = bucket(config.requests().map(Integer::longValue), now);
            written = bucket(config.bytesWritten().map(MemorySize::asLongValue), now);
            read = bucket(config.bytesRead().map(MemorySize::asLongValue), now);
        }

        private static @Nullable Bucket bucket(Optional<Long> perSecond, long now) {
            return perSecond
                    .map(rate -> new Bucket(Math.max(1, rate), Math.max(1, BURST * rate), now))
                    .orElse(null);
        }

        /**
         * Counts a request.
         *
         * @throws TrunklineException {@code QUOTA_EXCEEDED}; then it is not counted
         */
        public void request() {
            take(requests, Quota.REQUESTS, 1, config.requests().map(Integer::longValue));
        }

        /**
         * Counts the bytes of a body that is to be read.
         *
         * @throws TrunklineException {@code QUOTA_EXCEEDED}; then they are not counted
         */
        public void write(long bytes) {
            take(written, Quota.BYTES_WRITTEN, bytes, config.bytesWritten().map(MemorySize::asLongValue));
        }

        private void take(@Nullable Bucket bucket, Quota quota, long tokens, Optional<Long> perSecond) {
            long wait = bucket == null ? 0 : bucket.take(tokens, nanoTime.getAsLong());
            if (wait > 0) {
                throw exceeded(quota, perSecond.orElse(0L), wait);
            }
        }

        /** Counts the bytes of a response that is being sent. They are known by then only, and may become a debt. */
        public void read(long bytes) {
            if (read != null) {
                read.charge(bytes, nanoTime.getAsLong());
            }
        }

        /**
         * Begins a poll or a fetch, which ends with {@link #close}.
         *
         * @throws TrunklineException {@code QUOTA_EXCEEDED} where too many are open, or there is a debt of bytes; then it has not
         *     begun
         */
        public void open() {
            long wait = read == null ? 0 : read.untilOne(nanoTime.getAsLong());
            if (wait > 0) {
                throw exceeded(
                        Quota.BYTES_READ,
                        config.bytesRead().map(MemorySize::asLongValue).orElse(0L),
                        wait);
            }
            int most = config.openPolls().orElse(Integer.MAX_VALUE);
            if (open.incrementAndGet() > most) {
                open.decrementAndGet();
                throw exceeded(Quota.OPEN_POLLS, most);
            }
        }

        /** How long until bytes may be read again, in nanoseconds; 0 while there is no debt. */
        public long readPauseNanos() {
            return read == null ? 0 : read.untilOne(nanoTime.getAsLong());
        }

        /** Ends a poll or a fetch. */
        public void close() {
            open.decrementAndGet();
        }

        /** Whether it is as good as a new one: everybody who has held it has let it go long since. */
        private boolean isIdle(long now) {
            return open.get() == 0
                    && now - usedAt > FORGOTTEN
                    && isFull(requests, now)
                    && isFull(written, now)
                    && isFull(read, now);
        }

        private static boolean isFull(@Nullable Bucket bucket, long now) {
            return bucket == null || bucket.isFull(now);
        }
    }

    int accounts() {
        return accounts.size();
    }
}
