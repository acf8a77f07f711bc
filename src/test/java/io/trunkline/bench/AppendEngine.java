package io.trunkline.bench;

import java.time.Duration;

/** The append path without HTTP: what takes batches in the service and writes them. */
@FunctionalInterface
interface AppendEngine {
    /** Appends batches as fast as it can for a while, and answers how many records were acknowledged. */
    long run(int partitions, int recordsPerBatch, int recordBytes, Duration time);
}
