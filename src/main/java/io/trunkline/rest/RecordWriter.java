package io.trunkline.rest;

import io.trunkline.json.JsonBuffer;
import io.trunkline.log.FetchedBatch;

/** Writes the records of a partition, one at a time, in a format. */
@FunctionalInterface
interface RecordWriter {
    /** Writes one record of a batch. */
    void write(JsonBuffer json, FetchedBatch batch, int i);
}
