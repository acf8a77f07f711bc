package io.trunkline.log;

import java.util.UUID;

/**
 * The idempotency key of a part of a request. It is written in the transaction of the records, and for as long as it is
 * remembered a repetition writes nothing.
 *
 * @param id names the key over all partitions
 * @param fingerprint 32 bytes that only repetitions of the request share; it is shared, not copied
 * @param plan how the records of the request are distributed, which a repetition gets back
 */
public record ProduceKey(UUID id, byte[] fingerprint, ProducePlan plan) implements AppendIdentity {
    private static final int FINGERPRINT_BYTES = 32;

    /** @throws IllegalArgumentException when the fingerprint has another length */
    public ProduceKey {
        if (fingerprint.length != FINGERPRINT_BYTES) {
            throw new IllegalArgumentException("a fingerprint has " + FINGERPRINT_BYTES + " bytes");
        }
    }
}
