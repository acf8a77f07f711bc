package io.trunkline.error;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A call that failed, with the reason as a code and a message for the user, who sees nothing else of it. */
public final class TrunklineException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final transient List<String> details;

    /** A failure that the caller can act on: the message says what happened and what to do. */
    public TrunklineException(ErrorCode code, String message) {
        this(code, message, List.of(), null);
    }

    /** A failure with its cause, which is for the log only. */
    public TrunklineException(ErrorCode code, String message, @Nullable Throwable cause) {
        this(code, message, List.of(), cause);
    }

    /** A failure with one detail for each thing that is wrong. */
    public TrunklineException(ErrorCode code, String message, List<String> details) {
        this(code, message, details, null);
    }

    private TrunklineException(ErrorCode code, String message, List<String> details, @Nullable Throwable cause) {
        // Without a cause it is an answer to a client, which comes in numbers: a stack trace would be its largest part.
        super(message, cause, false, cause != null);
        this.code = code;
        this.details = List.copyOf(details);
    }

    public ErrorCode code() {
        return code;
    }

    /** What exactly is wrong, a sentence each; may be empty. */
    public List<String> details() {
        return details;
    }

    /** The message, which is never null. */
    public String userMessage() {
        String message = getMessage();
        return message == null ? code.name() : message;
    }
}
