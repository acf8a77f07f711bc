package io.trunkline.log;

import java.time.Duration;

/** The append path without HTTP, for the benchmark. Stands in until the engine can be run by itself. */
public final class AppendEngineRun implements AutoCloseable {
    public AppendEngineRun(String jdbcUrl, String user, String password) {}

    /** Appends for a while, and answers how many records were acknowledged. */
    public long run(int partitions, int recordsPerBatch, int recordBytes, Duration time) {
        throw new UnsupportedOperationException("the append path cannot be run by itself yet");
    }

    @Override
    public void close() {}
}
