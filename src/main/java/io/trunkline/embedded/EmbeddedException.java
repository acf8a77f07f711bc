package io.trunkline.embedded;

import org.jspecify.annotations.Nullable;

/** The embedded PostgreSQL cannot be started or used; the message tells the user why and what to do. */
public class EmbeddedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    EmbeddedException(String message) {
        this(message, null);
    }

    EmbeddedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
