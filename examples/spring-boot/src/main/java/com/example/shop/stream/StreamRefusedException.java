package com.example.shop.stream;

import java.io.IOException;
import java.time.Duration;

/** Trunkline has not opened the stream. */
final class StreamRefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Duration retryAfter;

    StreamRefusedException(String message, Duration retryAfter) {
        super(message);
        this.retryAfter = retryAfter;
    }

    /** How long Trunkline asks the client to wait; zero if it does not say. */
    Duration retryAfter() {
        return retryAfter;
    }
}
