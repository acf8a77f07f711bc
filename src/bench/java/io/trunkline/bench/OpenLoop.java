package io.trunkline.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Produce requests on a fixed schedule, whatever the answers do. What cannot be sent in time, because all connections
 * wait, is sent later and measured from when it was to be sent, so that a service that stalls cannot hide it.
 */
final class OpenLoop extends HttpLoad {
    /** How long after the end of the schedule requests that are late may still be sent. */
    private static final Duration GRACE = Duration.ofSeconds(3);

    private static final Duration PACER_PATIENCE = Duration.ofSeconds(10);

    private final List<Replica> replicas = new ArrayList<>();
    private final int connections;
    private final double perSecond;
    private final Requests requests;
    private final int recordsPerRequest;
    private volatile boolean stopped;
    private volatile @Nullable Thread pacer;
    private long due;

    /** Makes the request of a number. */
    interface Requests {
        /** Sends it over a connection. */
        void send(HttpConnection connection, long index, long intended);
    }

    /** One replica, which gets every n-th request. */
    private static final class Replica {
        private final int port;
        private final Deque<HttpConnection> idle = new ArrayDeque<>();
        private long next;

        private Replica(int port, long first) {
            this.port = port;
            next = first;
        }
    }

    OpenLoop(
            LoadClient client,
            List<Integer> ports,
            int connections,
            double perSecond,
            int recordsPerRequest,
            Requests requests) {
        super(client);
        for (int i = 0; i < ports.size(); i++) {
            replicas.add(new Replica(ports.get(i), i));
        }
        this.connections = connections;
        this.perSecond = perSecond;
        this.recordsPerRequest = recordsPerRequest;
        this.requests = requests;
    }

    OpenLoop(LoadClient client, List<Integer> ports, int connections, double perSecond, Produce produce) {
        this(
                client,
                ports,
                connections,
                perSecond,
                produce.recordsPerRequest(),
                (connection, index, intended) -> connection.send(produce.request(index), intended));
    }

    @Override
    void connect() throws IOException {
        for (int r = 0; r < replicas.size(); r++) {
            for (int i = 0; i < connections; i++) {
                replicas.get(r).idle.add(open(replicas.get(r).port, r));
            }
        }
    }

    /** Starts the thread that keeps the schedule: the event loop's own timer is too coarse for it. */
    @Override
    void begin() {
        Thread thread = new Thread(this::keepSchedule, "pacer");
        thread.setDaemon(true);
        thread.start();
        pacer = thread;
    }

    private void keepSchedule() {
        Window window = meter().window();
        long index = 0;
        while (!stopped && intended(index) - window.to() < 0) {
            long wait = intended(index) - System.nanoTime();
            if (wait > 0) {
                LockSupport.parkNanos(wait);
                continue;
            }
            while (intended(index) - System.nanoTime() <= 0 && intended(index) - window.to() < 0) {
                index++;
            }
            long sendUpTo = index;
            client().loop().execute(() -> {
                due = sendUpTo;
                replicas.forEach(this::send);
            });
        }
    }

    private long intended(long index) {
        return meter().window().start() + (long) (index * 1e9 / perSecond);
    }

    private void send(Replica replica) {
        while (replica.next < due && !replica.idle.isEmpty() && mayStillSend()) {
            sent();
            requests.send(replica.idle.poll(), replica.next, intended(replica.next));
            replica.next += replicas.size();
        }
    }

    private boolean mayStillSend() {
        return !stopping() || System.nanoTime() - meter().window().to() < GRACE.toNanos();
    }

    @Override
    void next(HttpConnection connection, long now) throws IOException {
        Produce.check(connection);
        meter().count(connection.intended(), now, recordsPerRequest);
        Replica replica = replicas.get(connection.number());
        replica.idle.add(connection);
        send(replica);
    }

    /** How many requests were acknowledged: all that were sent, once the load has finished. */
    long requestsAcknowledged() {
        return meter().requests();
    }

    private void joinPacer() {
        Thread thread = pacer;
        if (thread != null) {
            try {
                thread.join(PACER_PATIENCE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }

    @Override
    public Meter finish() {
        stopped = true;
        joinPacer(); // what it releases later than this would be sent, but not counted
        Meter meter = super.finish();
        long now = System.nanoTime();
        for (Replica replica : replicas) {
            for (; replica.next < due; replica.next += replicas.size()) {
                meter.unsent(intended(replica.next), now);
            }
        }
        return meter;
    }
}
