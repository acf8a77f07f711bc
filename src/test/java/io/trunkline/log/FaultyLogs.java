package io.trunkline.log;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.async.Drain;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.Database;
import io.trunkline.topic.Topics;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;

/** Makes the logs of further replicas on the database under test, whose appends fail when they are told to. */
@Singleton
public class FaultyLogs {
    private final Database database;
    private final LogConfig config;
    private final Drain drain;
    private final Clock clock;

    FaultyLogs(Database database, LogConfig config, Drain drain, Clock clock) {
        this.database = database;
        this.config = config;
        this.drain = drain;
        this.clock = clock;
    }

    /** The logs of another replica. */
    public Replica create(Topics topics, Random random) {
        FaultyStore store = new FaultyStore(database, random);
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        Logs logs = new Logs(
                topics,
                store,
                new FetchStore(database),
                new ReverseStore(database),
                new DeletionStore(database),
                config,
                new LogMetrics(registry, new TopicCounters(registry, config)),
                drain,
                clock);
        return new Replica(logs, store, registry);
    }

    /** The logs of a replica and the faults of their appends. */
    public record Replica(Logs logs, FaultyStore store, SimpleMeterRegistry registry) implements AutoCloseable {
        /** What is done whenever a key is looked up, just before. */
        public void beforeFinding(Runnable what) {
            store.beforeFinding = what;
        }

        /** Bytes that count as waiting to be appended. */
        public double queuedBytes() {
            return registry.get("trunkline.append.queued.bytes").gauge().value();
        }

        /** Whether from now on appends fail, each in one of several ways or not at all. */
        public void fails(boolean faulty) {
            store.faulty = faulty;
            store.killed = false;
        }

        @Override
        public void close() {
            logs.stop(new ShutdownEvent());
        }
    }

    /** Loses requests, loses answers, and dies. */
    public static final class FaultyStore extends AppendStore {
        private static final int ANSWER_LOST = 0;
        private static final int REQUEST_LOST = 1;
        private static final int KILLED_BEFORE = 2;
        private static final int KILLED_AFTER = 3;
        private static final int KINDS = 8;

        private final Random random;
        private volatile boolean faulty;
        private volatile boolean killed;
        private volatile Runnable beforeFinding = () -> {};

        FaultyStore(Database database, Random random) {
            super(database);
            this.random = random;
        }

        @Override
        List<BatchOutcome> tryAppend(SharedAppend append) {
            return beside(() -> super.tryAppend(append));
        }

        @Override
        BatchOutcome append(SharedAppend append) {
            return beside(() -> super.append(append));
        }

        @Override
        Optional<AppendOutcome> find(ProduceKey key) {
            beforeFinding.run();
            return super.find(key);
        }

        private <T> T beside(Supplier<T> append) {
            if (!faulty) {
                return append.get();
            }
            int kind = random.nextInt(KINDS);
            if (killed || kind == REQUEST_LOST || kind == KILLED_BEFORE) {
                killed |= kind == KILLED_BEFORE;
                throw unknown();
            }
            T outcome = append.get();
            if (kind == ANSWER_LOST || kind == KILLED_AFTER) {
                killed |= kind == KILLED_AFTER;
                throw unknown();
            }
            return outcome;
        }

        private static TrunklineException unknown() {
            return new TrunklineException(ErrorCode.OUTCOME_UNKNOWN, "injected");
        }
    }
}
