package io.trunkline.access;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.security.cert.Certificate;
import java.util.List;
import java.util.Optional;

/**
 * What a client shows to prove who it is; not proven yet. No text of this class has a secret.
 *
 * @param bearer a token alone
 * @param password a token with the name of its holder
 * @param certificates the chain that TLS has verified, the client's own first; empty without one
 */
public record Credentials(Optional<String> bearer, Optional<Password> password, List<Certificate> certificates) {
    /** Of a client that shows nothing. */
    public static final Credentials NONE = new Credentials(Optional.empty(), Optional.empty(), List.of());

    public Credentials {
        certificates = List.copyOf(certificates);
    }

    /**
     * A token with the name of its holder.
     *
     * @param user the name of the principal; empty where the client leaves that to the token
     * @param token an API token
     */
    public record Password(String user, String token) {
        @Override
        public String toString() {
            return "Password";
        }
    }

    /** The failure of credentials that prove nothing: one for all reasons. */
    public static TrunklineException invalid() {
        return new TrunklineException(ErrorCode.AUTHENTICATION_REQUIRED, "The credentials are not valid.");
    }

    /** Whether the client shows nothing. */
    public boolean isEmpty() {
        return bearer.isEmpty() && password.isEmpty() && certificates.isEmpty();
    }

    @Override
    public String toString() {
        return "Credentials";
    }
}
