package io.trunkline.rest;

import io.trunkline.log.FetchedBatch;
import io.trunkline.json.JsonBuffer;

/** Writes the records of a partition, one at a time, in a format. */
@FunctionalInterface
interface RecordWriter {
    /** Writes one record of a batch. */
    void write(JsonBuffer json, FetchedBatch batch, int i);
}
