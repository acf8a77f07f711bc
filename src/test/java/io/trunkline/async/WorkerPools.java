package io.trunkline.async;

import io.trunkline.testing.HandDriven;
import java.util.concurrent.atomic.AtomicInteger;

/** Pools for tests. */
public final class WorkerPools {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private WorkerPools() {}

    /** A pool whose calls run when the test says so. */
    public static WorkerPool drivenBy(HandDriven executor) {
        return new WorkerPool("driven-by-hand-" + NUMBER.incrementAndGet(), 1, executor);
    }
}
