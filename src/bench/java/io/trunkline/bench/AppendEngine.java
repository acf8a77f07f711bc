package io.trunkline.bench;

import java.time.Duration;

/** The append path without HTTP: what takes batches in the service and writes them. */
@FunctionalInterface
interface AppendEngine {
    /**
     * Appends these batches of values to so many partitions, as fast as it can for a while, and answers how many records
     * were acknowledged.
     */
    long run(int partitions, byte[][][] batches, Duration time);
}
