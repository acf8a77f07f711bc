package io.trunkline.access;

import jakarta.inject.Singleton;
import java.security.cert.Certificate;
import java.util.List;
import java.util.Optional;

/** Who clients are by the certificates with which they have connected. */
@Singleton
public class ClientCertificates {
    /** Whether certificates prove who clients are. */
    public boolean enabled() {
        return false;
    }

    /** The principal of a chain that TLS has verified, the client's own certificate first; empty where its subject names none. */
    public Optional<Principal> principal(List<Certificate> chain) {
        return Optional.empty();
    }
}
