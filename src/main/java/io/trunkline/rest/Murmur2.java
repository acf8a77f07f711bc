package io.trunkline.rest;

/**
 * The hash by which Kafka's clients choose a key's partition: MurmurHash 2, 32 bits, seed 0x9747b28c
 * (org.apache.kafka.common.utils.Utils.murmur2), so that a key is found where a Kafka client would have put it.
 */
public final class Murmur2 {
    private static final int SEED = 0x9747b28c;
    private static final int M = 0x5bd1e995;
    private static final int R = 24;

    private Murmur2() {}

    /** The partition of a key. */
    public static int partition(byte[] data, int from, int length, int partitionCount) {
        return (hash(data, from, length) & 0x7fffffff) % partitionCount;
    }

    public static int hash(byte[] data, int from, int length) {
        int h = SEED ^ length;
        int whole = from + (length & ~3);
        for (int i = from; i < whole; i += 4) {
            int k = (data[i] & 0xff)
                    | (data[i + 1] & 0xff) << 8
                    | (data[i + 2] & 0xff) << 16
                    | (data[i + 3] & 0xff) << 24;
            k *= M;
            k ^= k >>> R;
            k *= M;
            h *= M;
            h ^= k;
        }
        int left = length & 3;
        if (left == 3) {
            h ^= (data[whole + 2] & 0xff) << 16;
        }
        if (left >= 2) {
            h ^= (data[whole + 1] & 0xff) << 8;
        }
        if (left >= 1) {
            h ^= data[whole] & 0xff;
            h *= M;
        }
        h ^= h >>> 13;
        h *= M;
        h ^= h >>> 15;
        return h;
    }
}
