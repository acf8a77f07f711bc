package io.trunkline.group;

import io.trunkline.group.ChaosRun.Event;
import io.trunkline.group.ChaosRun.Phase;
import io.trunkline.testing.Balancer;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** Replicas of the packaged service on one database behind a balancer, which are killed and started again. */
final class Replicas implements AutoCloseable {
    private final Path directory;
    private final Map<String, String> settings;
    private final int count;
    private final Balancer balancer;

    /** The running ones by number, those that the balancer knows, and every one that was ever started. */
    private final Map<Integer, ServiceProcess> running = new TreeMap<>();

    private final Map<Integer, Integer> ports = new TreeMap<>();
    private final List<ServiceProcess> all = new ArrayList<>();
    private boolean closed;

    /** @param settings those of a replica that migrates: the others get them without the owner of the schema */
    Replicas(Path directory, Map<String, String> settings, int count, Balancer balancer) {
        this.directory = directory;
        this.settings = Map.copyOf(settings);
        this.count = count;
        this.balancer = balancer;
    }

    /** Starts the first, which migrates, and then the others together. */
    void start() {
        launch(0, settings);
        awaitReady(List.of(0));
        List<Integer> others = new ArrayList<>();
        for (int i = 1; i < count; i++) {
            launch(i, TestDatabase.withoutOwner(settings));
            others.add(i);
        }
        awaitReady(others);
    }

    /** Kills one, sometimes two of three, and starts them again, until the chaos ends; all are up at the return. */
    void killAndStartAgain(ChaosRun run, Random random) {
        while (run.phase() == Phase.CHAOS) {
            ChaosRun.idle(Duration.ofMillis(1_000 + random.nextInt(2_500)));
            if (run.phase() != Phase.CHAOS) {
                return;
            }
            List<Integer> victims = new ArrayList<>();
            int first = random.nextInt(count);
            victims.add(first);
            kill(run, random, first);
            if (random.nextInt(3) == 0) {
                ChaosRun.idle(Duration.ofMillis(random.nextInt(1_500)));
                int second = (first + 1 + random.nextInt(count - 1)) % count;
                victims.add(second);
                kill(run, random, second);
            }
            victims.forEach(i -> launch(i, TestDatabase.withoutOwner(settings)));
            awaitReady(victims);
            run.ledger().note("replicas " + victims + " ready");
        }
    }

    /** The running ones, by number. */
    synchronized Map<Integer, ServiceProcess> running() {
        return Map.copyOf(running);
    }

    /** Kills whatever runs; nothing can be started afterwards. */
    @Override
    public synchronized void close() {
        closed = true;
        all.forEach(ServiceProcess::kill);
    }

    /** For a moment the balancer does not know yet, as one that looks only now and then. */
    private void kill(ChaosRun run, Random random, int number) {
        ServiceProcess victim;
        synchronized (this) {
            victim = running.remove(number);
        }
        if (victim == null) {
            throw new IllegalStateException("replica " + number + " does not run");
        }
        victim.kill();
        run.happened(Event.REPLICA_KILLED, Integer.toString(number));
        ChaosRun.idle(Duration.ofMillis(random.nextInt(200)));
        synchronized (this) {
            ports.remove(number);
            balancer.backends(List.copyOf(ports.values()));
        }
    }

    private synchronized void launch(int number, Map<String, String> with) {
        if (closed) {
            throw new IllegalStateException("the replicas are closed");
        }
        ServiceProcess process = ServiceProcess.launch(directory, with);
        running.put(number, process);
        all.add(process);
    }

    private void awaitReady(List<Integer> numbers) {
        for (int number : numbers) {
            ServiceProcess process = running().get(number);
            if (process == null) {
                throw new IllegalStateException("replica " + number + " was not started");
            }
            process.awaitReady();
            synchronized (this) {
                ports.put(number, process.port());
                balancer.backends(List.copyOf(ports.values()));
            }
        }
    }
}
