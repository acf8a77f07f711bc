package io.trunkline.error;

import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** What a failed future failed with. */
public final class Failures {
    private Failures() {}

    /** The failure without the wrapping that futures add. */
    public static Throwable unwrapped(Throwable failure) {
        Throwable t = failure;
        for (Throwable cause = t.getCause();
                cause != null && (t instanceof CompletionException || t instanceof ExecutionException);
                cause = t.getCause()) {
            t = cause;
        }
        return t;
    }

    /** The failure as a client may know it; {@link #internal} for what nobody foresaw. */
    public static TrunklineException known(Throwable failure) {
        return unwrapped(failure) instanceof TrunklineException e ? e : internal(failure);
    }

    /** A fault of the service, whose cause is for the log. */
    public static TrunklineException internal(Throwable cause) {
        return new TrunklineException(ErrorCode.INTERNAL, "The service failed; its log has the details.", cause);
    }

    /** The failure's code; {@code INTERNAL} for what nobody foresaw. */
    public static ErrorCode code(Throwable failure) {
        return unwrapped(failure) instanceof TrunklineException e ? e.code() : ErrorCode.INTERNAL;
    }
}
