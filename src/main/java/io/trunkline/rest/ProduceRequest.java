package io.trunkline.rest;

import io.trunkline.record.RecordBatch;

/** Records with the partition of each, {@code Producer.ANY_PARTITION} where the request leaves it open. */
record ProduceRequest(RecordBatch records, int[] partitions) {}
