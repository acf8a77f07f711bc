package io.trunkline.rest;

import io.trunkline.log.FetchedBatch;
import io.trunkline.topic.TopicName;
import java.util.List;

/** Records that are written as the body of an answer, piece by piece. */
record RecordsPage(TopicName topic, int partition, List<FetchedBatch> batches, RecordFormat format) {
    /** What it holds in memory while it is written. */
    long memorySize() {
        return batches.stream().mapToLong(batch -> batch.records().memorySize()).sum();
    }
}
