package io.trunkline.rest;

import io.trunkline.log.ProducePlan;
import io.trunkline.record.RecordBatch;
import io.trunkline.topic.Topic;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.IntToLongFunction;

/**
 * Records that are to be written to a topic, and how.
 *
 * @param sizes how large each record is, as the client sent it, in bytes: only that decides which ones are refused, not what the
 *     service has added, which can be other bytes when the request comes again
 * @param partitions the partition of each record, or {@link Producer#ANY_PARTITION}
 * @param only where given, the partition of all of them: a call for one that does not exist fails
 * @param allOrNothing whether a record that is too large or names no partition of the topic fails the call, instead of standing as
 *     a failure in the result
 * @param key where given, the records are written once for it
 * @param expectedEnd where given, the end offset that the partition must have
 */
record SendRequest(
        RecordBatch records,
        IntToLongFunction sizes,
        int[] partitions,
        OptionalInt only,
        boolean allOrNothing,
        Optional<RequestKey> key,
        OptionalLong expectedEnd) {

    /** Where the records go in a topic. */
    Assignment assign(Topic topic, ProducePlan plan, Assignment.Spread spread) {
        return new Assignment(topic.name(), plan, records, sizes, partitions, only, spread);
    }
}
