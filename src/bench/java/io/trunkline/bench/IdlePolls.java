package io.trunkline.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Members of groups that each wait for a record by long poll after long poll. In the measured time none comes; after it
 * one is written to every partition, some times, and each member must get that of its own partition.
 */
final class IdlePolls extends HttpLoad {
    /** How often a record is written to every partition. */
    static final int WAKE_UPS = 5;

    private static final Duration POLL = Duration.ofSeconds(20);
    private static final Duration BETWEEN_WAKE_UPS = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** How much earlier than asked a poll that found nothing may be answered. */
    private static final Duration TOLERANCE = Duration.ofMillis(100);

    private static final int BYTES = 100;
    private static final int MAX_BYTES = 1024 * 1024;

    private final int port;
    private final List<Member> members;
    private final Produce produce;
    private final PolledRecords records = new PolledRecords();
    private final AtomicLong received = new AtomicLong();
    private int wakeUps;
    private long empty;
    private long early;

    /** One consumer, and what it has got. */
    private static final class Member {
        private final String path;
        private final Bearer bearer;
        /** Partitions that members of its group have got records of. */
        private final BitSet taken;

        private int partition = -1;
        private int got;
        private long askedNanos;

        private Member(String path, Bearer bearer, BitSet taken) {
            this.path = path;
            this.bearer = bearer;
            this.taken = taken;
        }
    }

    /**
     * Long polls by all members.
     *
     * @param groups of which each has as many members as the topic has partitions
     */
    IdlePolls(LoadClient client, int port, String topic, List<Group> groups) {
        super(client);
        this.port = port;
        int partitions = groups.getFirst().members();
        produce = Payloads.onePerPartition(topic, partitions, partitions, BYTES);
        members = groups.stream()
                .flatMap(group -> {
                    BitSet taken = new BitSet();
                    return group.paths().stream().map(path -> new Member(path, group.bearer(), taken));
                })
                .toList();
    }

    /** Polls that found nothing. */
    long emptyPolls() {
        return empty;
    }

    /** Of those, how many were answered before the time that they asked for. */
    long earlyPolls() {
        return early;
    }

    @Override
    void connect() throws IOException {
        for (int i = 0; i <= members.size(); i++) {
            open(port, i);
        }
    }

    /** All wait from now on, but the first polls have ends that are spread over time, as they would be after a while. */
    @Override
    void begin() {
        for (int i = 0; i < members.size(); i++) {
            send(connections().get(i), POLL.multipliedBy(i + 1).dividedBy(members.size()));
        }
    }

    @Override
    void next(HttpConnection connection, long now) throws IOException {
        if (connection == producer()) {
            Produce.check(connection);
            return;
        }
        Polls.check(connection, 200);
        Member member = members.get(connection.number());
        records.of(connection.body(), connection.bodyLength());
        if (records.next()) {
            take(member);
            // Under the beginning of the window, since a meter takes only what belongs to that.
            long intended = meter().window().from();
            meter().latency(intended, intended + now - producer().intended(), 1);
            received.incrementAndGet();
        } else {
            empty++;
            early += now - connection.intended() < member.askedNanos - TOLERANCE.toNanos() ? 1 : 0;
        }
        if (member.got < WAKE_UPS) {
            send(connection, POLL);
        }
    }

    private HttpConnection producer() {
        return connections().getLast();
    }

    private void take(Member member) {
        if (member.partition < 0) {
            member.partition = records.partition();
            if (member.taken.get(member.partition)) {
                throw new IllegalStateException("two members of a group have partition " + member.partition);
            }
            member.taken.set(member.partition);
        }
        if (member.got == wakeUps
                || records.partition() != member.partition
                || records.offset() != member.got
                || records.next()) {
            throw new IllegalStateException("after " + wakeUps + " records, of which a member of partition "
                    + member.partition + " had " + member.got + ", it got offset " + records.offset()
                    + " of partition " + records.partition());
        }
        member.got++;
    }

    private void send(HttpConnection connection, Duration timeout) {
        Member member = members.get(connection.number());
        member.askedNanos = timeout.toNanos();
        sent();
        connection.send(
                Polls.request(connection, member.path, member.bearer, Format.JSON, MAX_BYTES, timeout),
                System.nanoTime());
    }

    /** Wakes everybody up some times; after the last of them nobody polls again. */
    @Override
    public Meter finish() {
        for (int i = 1; i <= WAKE_UPS; i++) {
            client().loop().execute(() -> {
                wakeUps++;
                sent();
                producer().send(produce.request(0), System.nanoTime());
            });
            awaitReceived((long) i * members.size());
            Window.await(System.nanoTime() + BETWEEN_WAKE_UPS.toNanos(), this::check);
        }
        return super.finish();
    }

    private void awaitReceived(long expected) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (received.get() < expected) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(
                        received.get() + " records of " + expected + " have come after " + PATIENCE);
            }
            Window.await(System.nanoTime() + 5_000_000, this::check);
        }
    }
}
