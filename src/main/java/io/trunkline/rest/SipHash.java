package io.trunkline.rest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * SipHash-2-4, a keyed hash of 64 bits that nobody forges who does not know the key (Aumasson and Bernstein, "SipHash: a fast
 * short-input PRF", 2012). It costs a cursor a few dozen nanoseconds.
 */
final class SipHash {
    private final long k0;
    private final long k1;

    /** A hash with a key of two halves, little-endian as the paper has them. */
    SipHash(long k0, long k1) {
        this.k0 = k0;
        this.k1 = k1;
    }

    /** The hash of the first bytes of an array. */
    long of(byte[] bytes, int length) {
        ByteBuffer in = ByteBuffer.wrap(bytes, 0, length).order(ByteOrder.LITTLE_ENDIAN);
        State state = new State();
        while (in.remaining() >= Long.BYTES) {
            state.take(in.getLong());
        }
        long last = (long) length << 56;
        for (int i = 0; in.hasRemaining(); i++) {
            last |= (in.get() & 0xffL) << (8 * i);
        }
        state.take(last);
        return state.end();
    }

    private final class State {
        private long v0 = k0 ^ 0x736f6d6570736575L;
        private long v1 = k1 ^ 0x646f72616e646f6dL;
        private long v2 = k0 ^ 0x6c7967656e657261L;
        private long v3 = k1 ^ 0x7465646279746573L;

        void take(long word) {
            v3 ^= word;
            round();
            round();
            v0 ^= word;
        }

        long end() {
            v2 ^= 0xff;
            for (int i = 0; i < 4; i++) {
                round();
            }
            return v0 ^ v1 ^ v2 ^ v3;
        }

        private void round() {
            v0 += v1;
            v1 = Long.rotateLeft(v1, 13) ^ v0;
            v0 = Long.rotateLeft(v0, 32);
            v2 += v3;
            v3 = Long.rotateLeft(v3, 16) ^ v2;
            v0 += v3;
            v3 = Long.rotateLeft(v3, 21) ^ v0;
            v2 += v1;
            v1 = Long.rotateLeft(v1, 17) ^ v2;
            v2 = Long.rotateLeft(v2, 32);
        }
    }
}
