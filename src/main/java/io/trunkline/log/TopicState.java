package io.trunkline.log;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * How much there is of a topic.
 *
 * @param name as it is stored, which may be a name that no call can have made
 * @param records that can be read, in all partitions
 * @param bytes of these records, before PostgreSQL compresses them
 * @param diskBytes of tables and indexes: the share that the topic has in them, estimated; empty where it is not known yet
 * @param recordsPerSecond that are written, by all replicas and by SQL, since the look before; empty where that is not known
 * @param bytesPerSecond the same of bytes
 * @param oldestTimestamp of the oldest batch, in milliseconds since the epoch; empty without records
 */
public record TopicState(
        String name,
        int partitions,
        long records,
        long bytes,
        OptionalLong diskBytes,
        OptionalDouble recordsPerSecond,
        OptionalDouble bytesPerSecond,
        OptionalLong oldestTimestamp) {}
