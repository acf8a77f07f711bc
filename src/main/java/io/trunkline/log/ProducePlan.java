package io.trunkline.log;

/**
 * What of a topic decides where the records of a request go, and which are refused.
 *
 * @param partitionCount how many partitions the topic has, at least 1
 * @param maxMessageBytes how large a record can be, at least 0
 */
public record ProducePlan(int partitionCount, int maxMessageBytes) {
    /** @throws IllegalArgumentException when a number is out of its range */
    public ProducePlan {
        if (partitionCount < 1 || maxMessageBytes < 0) {
            throw new IllegalArgumentException("illegal plan: " + partitionCount + " " + maxMessageBytes);
        }
    }
}
