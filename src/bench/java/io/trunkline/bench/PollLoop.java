package io.trunkline.bench;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The members of a group that each poll, one connection each, and go back to the beginning when they have read everything,
 * so that they never run dry. Every offset of every partition must come once, in order, to one member.
 */
final class PollLoop extends HttpLoad {
    private static final int MOST_EMPTY_IN_A_ROW = 20;
    private static final int NOBODY = -1;

    private final int port;
    private final Reading reading;
    private final List<String> paths;
    private final Bearer bearer;
    private final Member[] members;
    private final long[] ends;
    private final long[] next;
    private final int[] owner;
    private final PolledRecords records = new PolledRecords();
    private long empty;
    private long passes;

    /** What a member does. */
    private static final class Member {
        /** Partitions that it has read to the end. */
        private int atEnd;

        private int emptyInARow;
        private boolean seeking;
    }

    PollLoop(LoadClient client, int port, Group group, Reading reading) {
        super(client);
        this.port = port;
        this.reading = reading;
        paths = group.paths();
        bearer = group.bearer();
        members = new Member[paths.size()];
        Arrays.setAll(members, i -> new Member());
        ends = reading.ends().stream().mapToLong(Long::longValue).toArray();
        next = new long[ends.length];
        owner = new int[ends.length];
        Arrays.fill(owner, NOBODY);
    }

    /** Polls that gave nothing though there was something left. */
    long emptyPolls() {
        return empty;
    }

    /** How often a member has read all its partitions and gone back, which is one more request. */
    long passes() {
        return passes;
    }

    @Override
    void connect() throws IOException {
        for (int i = 0; i < members.length; i++) {
            open(port, i);
        }
    }

    @Override
    void begin() {
        connections().forEach(this::send);
    }

    @Override
    void next(HttpConnection connection, long now) throws IOException {
        Member member = members[connection.number()];
        if (member.seeking) {
            Polls.check(connection, 204);
            member.seeking = false;
        } else {
            Polls.check(connection, 200);
            long count = take(connection, member);
            meter().count(connection.intended(), now, count);
            noteEmpty(member, count);
        }
        send(connection);
    }

    private long take(HttpConnection connection, Member member) {
        long count = 0;
        records.of(connection.body(), connection.bodyLength());
        while (records.next()) {
            int partition = records.partition();
            if (owner[partition] == NOBODY) {
                owner[partition] = connection.number();
            }
            if (owner[partition] != connection.number() || records.offset() != next[partition]) {
                throw new IllegalStateException("offset " + next[partition] + " of partition " + partition
                        + " was to come to member " + owner[partition] + ", but " + records.offset()
                        + " came to member " + connection.number());
            }
            next[partition]++;
            if (next[partition] == ends[partition]) {
                member.atEnd++;
            }
            count++;
        }
        return count;
    }

    private void noteEmpty(Member member, long count) {
        if (count > 0) {
            member.emptyInARow = 0;
            return;
        }
        empty++;
        if (++member.emptyInARow == MOST_EMPTY_IN_A_ROW) {
            throw new IllegalStateException(
                    "a member got nothing by " + MOST_EMPTY_IN_A_ROW + " polls, but there are records for it");
        }
    }

    private void send(HttpConnection connection) {
        if (stopping()) {
            return;
        }
        sent();
        Member member = members[connection.number()];
        String path = paths.get(connection.number());
        if (member.atEnd == ends.length / members.length) {
            passes++;
            member.atEnd = 0;
            member.seeking = true;
            for (int p = 0; p < next.length; p++) {
                next[p] = owner[p] == connection.number() ? 0 : next[p];
            }
            connection.send(
                    Payloads.post(path + "/positions/beginning", bearer, Polls.CONTROL, "{\"partitions\":[]}"),
                    System.nanoTime());
        } else {
            connection.send(
                    Polls.request(connection, path, bearer, reading.format(), reading.maxBytes(), Polls.SHORT),
                    System.nanoTime());
        }
    }

    /**
     * How many delivered records the group has not committed, given what it has; fails where it has committed some that
     * were not delivered, since those would be lost. After the end. Partitions that were not read since their member went
     * back are left out.
     */
    long uncommitted(Map<Integer, Long> committed) {
        long uncommitted = 0;
        for (int p = 0; p < next.length; p++) {
            long until = committed.getOrDefault(p, 0L);
            if (next[p] > 0 && until > next[p]) {
                throw new IllegalStateException("of partition " + p + " the group has committed " + until
                        + ", but only what is before " + next[p] + " was delivered");
            }
            uncommitted += next[p] > 0 ? next[p] - until : 0;
        }
        return uncommitted;
    }
}
