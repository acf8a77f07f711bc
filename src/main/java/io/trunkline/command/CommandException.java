package io.trunkline.command;

import org.jspecify.annotations.Nullable;

/** A command that could not be done; the message says why, and what to do. */
final class CommandException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CommandException(String message) {
        this(message, null);
    }

    CommandException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
