package io.trunkline.group;

import io.trunkline.group.ChaosMember.Commits;
import io.trunkline.group.ChaosRun.Event;
import io.trunkline.group.ChaosRun.Phase;
import java.time.Duration;
import java.util.Random;

/** One member of the group after the other, each of a new name, until the run ends and the last one leaves. */
final class MemberSlot implements Runnable {
    private static final Duration FROZEN = Duration.ofMillis(4_500);
    private static final int[] MAX_BYTES = {1, 700, 5_000, 60_000, 1_048_576};
    private static final int[] TIMEOUTS = {0, 50, 300, 1_000};

    private final ChaosRun run;
    private final int number;
    private final Random random;

    MemberSlot(ChaosRun run, int number, long seed) {
        this.run = run;
        this.number = number;
        random = new Random(seed * 31 + number);
    }

    @Override
    public void run() {
        Commits[] ways = Commits.values();
        for (int life = 1; run.phase().compareTo(Phase.LEAVE) < 0; life++) {
            Commits commits = ways[random.nextInt(ways.length)];
            try (ChaosMember member = new ChaosMember(run, "m" + number + "-" + life, commits)) {
                if (member.join(random.nextInt(3) == 0)) {
                    live(member);
                } else {
                    ChaosRun.waitForTheNextTry();
                }
            }
        }
    }

    private void live(ChaosMember member) {
        int polls = 10 + random.nextInt(80);
        for (int i = 0; run.phase() == Phase.DRAIN || (run.phase() == Phase.CHAOS && i < polls); i++) {
            if (!member.poll(timeout(), maxBytes())) {
                return;
            }
            if (run.phase() == Phase.CHAOS && random.nextInt(100) == 0) {
                run.happened(Event.MEMBER_FROZE, member.name());
                ChaosRun.idle(FROZEN);
            }
            boolean commits = run.phase() == Phase.DRAIN || random.nextInt(5) > 0;
            if (commits && !member.commit()) {
                return;
            }
        }
        if (run.phase().compareTo(Phase.DRAIN) > 0) {
            member.leave();
        } else {
            end(member);
        }
    }

    /** What the service commits for a member must have been received, so such a one is killed between calls only. */
    private void end(ChaosMember member) {
        switch (random.nextInt(3)) {
            case 0 -> member.leave();
            case 1 -> member.die();
            default -> {
                if (member.commits() == Commits.AUTO) {
                    member.die();
                } else {
                    member.dieInAPoll(Duration.ofMillis(random.nextInt(200)), maxBytes());
                }
            }
        }
    }

    private Duration timeout() {
        return Duration.ofMillis(TIMEOUTS[random.nextInt(TIMEOUTS.length)]);
    }

    private int maxBytes() {
        return MAX_BYTES[random.nextInt(MAX_BYTES.length)];
    }
}
