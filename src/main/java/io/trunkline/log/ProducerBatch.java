package io.trunkline.log;

/**
 * A batch of an idempotent producer, by Kafka's rules (KIP-98, KIP-360). A partition remembers the last five batches of each
 * producer. Of those, a batch that comes again is a {@link AppendOutcome.Duplicate}. Any other must continue the sequence of
 * the last one, or begin a new epoch with sequence 0. A producer that the partition does not know, or has forgotten, may begin
 * with any sequence.
 *
 * @param producerId at least 0
 * @param epoch 0 to 32767; batches of an older epoch than the last are refused
 * @param baseSequence the sequence number of the first record, at least 0; the others follow it, and 2147483647 is followed by 0
 */
public record ProducerBatch(long producerId, int epoch, int baseSequence) implements AppendIdentity {
    /** @throws IllegalArgumentException when a number is out of its range */
    public ProducerBatch {
        if (producerId < 0 || epoch < 0 || epoch > Short.MAX_VALUE || baseSequence < 0) {
            throw new IllegalArgumentException(
                    "illegal producer batch: " + producerId + " " + epoch + " " + baseSequence);
        }
    }

    /** Whether this batch continues another one, which has this many records. */
    boolean follows(ProducerBatch before, int records) {
        return producerId == before.producerId
                && epoch == before.epoch
                && baseSequence == (before.baseSequence + (long) records) % (1L << 31);
    }
}
