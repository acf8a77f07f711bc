package io.trunkline.rest;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.UUID;

/**
 * The idempotency key of a request. A key belongs to its principal and topic: those of others are other keys.
 *
 * @param principal the name of the client; empty where there is no access control
 * @param key as the client gave it
 * @param fingerprint what tells the request from others, 32 bytes
 */
record RequestKey(String principal, String key, byte[] fingerprint) {
    /** Stands in the place of a partition for the part of a request that is written first, wherever that is. */
    private static final int FIRST = -1;

    /** What the log calls the part of the request that is written first. */
    UUID id(UUID topic) {
        return id(topic, FIRST, 0, 0);
    }

    /**
     * What the log calls another part of the request. That is tied to the place of the first part, which no other request has:
     * the first part can be forgotten sooner than the others, and the key used again then.
     *
     * @param partition the other part's
     * @param firstPartitionId what the log calls the partition of the first part
     * @param firstOffset the offset of the first record of the first part
     */
    UUID id(UUID topic, int partition, long firstPartitionId, long firstOffset) {
        byte[] name = principal.getBytes(StandardCharsets.UTF_8);
        byte[] text = key.getBytes(StandardCharsets.UTF_8);
        MessageDigest digest = RequestFingerprint.sha256();
        digest.update(ByteBuffer.allocate(2 * Integer.BYTES + 4 * Long.BYTES)
                .putInt(partition)
                .putLong(firstPartitionId)
                .putLong(firstOffset)
                .putLong(topic.getMostSignificantBits())
                .putLong(topic.getLeastSignificantBits())
                .putInt(name.length)
                .flip());
        digest.update(name);
        ByteBuffer hash = ByteBuffer.wrap(digest.digest(text));
        return new UUID(hash.getLong(), hash.getLong());
    }
}
