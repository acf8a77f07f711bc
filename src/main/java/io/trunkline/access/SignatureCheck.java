package io.trunkline.access;

import java.util.concurrent.CompletableFuture;
import org.jose4j.jwt.consumer.JwtContext;

/** Whether the provider has signed a token. */
interface SignatureCheck {
    /** What came of a check. */
    enum Outcome {
        SIGNED,
        NOT_SIGNED,
        /** The keys that could tell are not to be had now. */
        UNKNOWN
    }

    /** Checks a token. It takes a fraction of a millisecond of this thread, and then perhaps a call to the provider. */
    CompletableFuture<Outcome> check(JwtContext token);
}
