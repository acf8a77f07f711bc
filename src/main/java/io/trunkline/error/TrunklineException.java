package io.trunkline.error;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** A call that failed, with the reason as a code and a message for the user, who sees nothing else of it. */
public final class TrunklineException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final transient List<String> details;
    private final long retryAfterSeconds;

    /** A failure that the caller can act on: the message says what happened and what to do. */
    public TrunklineException(ErrorCode code, String message) {
        this(code, message, List.of(), null, 0);
    }

    /** A failure with its cause, which is for the log only. */
    public TrunklineException(ErrorCode code, String message, @Nullable Throwable cause) {
        this(code, message, List.of(), cause, 0);
    }

    /** A failure with one detail for each thing that is wrong. */
    public TrunklineException(ErrorCode code, String message, List<String> details) {
        this(code, message, details, null, 0);
    }

    /** A failure that the same call will not meet when some time has passed. */
    public static TrunklineException retriable(ErrorCode code, String message, Duration after) {
        long seconds = Math.max(1, after.plusSeconds(1).minusNanos(1).toSeconds());
        return new TrunklineException(code, message, List.of(), null, seconds);
    }

    private TrunklineException(
            ErrorCode code, String message, List<String> details, @Nullable Throwable cause, long retryAfterSeconds) {
        // Without a cause it is an answer to a client, which comes in numbers: a stack trace would be its largest part.
        super(message, cause, false, cause != null);
        this.code = code;
        this.details = List.copyOf(details);
        this.retryAfterSeconds = retryAfterSeconds;
    }

    public ErrorCode code() {
        return code;
    }

    /** What exactly is wrong, a sentence each; may be empty. */
    public List<String> details() {
        return details;
    }

    /** In how many whole seconds the call may be repeated; empty where that is not known. */
    public OptionalLong retryAfterSeconds() {
        return retryAfterSeconds > 0 ? OptionalLong.of(retryAfterSeconds) : OptionalLong.empty();
    }

    /** The message, which is never null. */
    public String userMessage() {
        String message = getMessage();
        return message == null ? code.name() : message;
    }
}
