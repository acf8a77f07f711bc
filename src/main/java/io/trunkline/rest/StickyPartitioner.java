package io.trunkline.rest;

import io.trunkline.topic.Topic;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The partition of records without a key, as KIP-794 has it: stays with one partition until it got 16 KiB, so that
 * batches grow, and then goes to another one chosen at random.
 */
final class StickyPartitioner {
    private static final long STICKY_BYTES = 16 * 1024;

    private int partition = -1;
    private long bytes;

    synchronized int next(Topic topic, long recordBytes) {
        int count = topic.partitionCount();
        if (partition < 0 || partition >= count || bytes >= STICKY_BYTES) {
            partition = another(count);
            bytes = 0;
        }
        bytes += recordBytes;
        return partition;
    }

    private int another(int count) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        if (partition < 0 || partition >= count || count == 1) {
            return random.nextInt(count);
        }
        int other = random.nextInt(count - 1);
        return other < partition ? other : other + 1;
    }
}
