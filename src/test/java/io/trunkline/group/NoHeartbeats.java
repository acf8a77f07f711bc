package io.trunkline.group;

import io.trunkline.jdbc.Databases;
import java.util.List;

/** Heartbeats that are written nowhere. */
public final class NoHeartbeats {
    private NoHeartbeats() {}

    public static Heartbeats of(ConsumerConfig config) {
        return new Heartbeats(new Unwritten(), config);
    }

    private static final class Unwritten extends MembershipStore {
        Unwritten() {
            super(Databases.unreachable());
        }

        @Override
        void seen(List<Long> memberIds) {}
    }
}
