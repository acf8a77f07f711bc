package io.trunkline.access;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.util.Optional;

/** Certificates of clients. */
@ConfigMapping(prefix = "trunkline.access.certificates")
public interface CertificatesConfig {
    /**
     * Whether clients may prove who they are by a certificate. The service then requests one on the API's port; the trust store
     * of the TLS configuration says which certificate authorities count.
     */
    @WithDefault("false")
    boolean enabled();

    /**
     * A regular expression (RE2) for the whole subject of a certificate in the form of RFC 2253, such as
     * {@code CN=orders,OU=services,O=Example}. Its first group is the name of the principal; a certificate whose subject does
     * not match proves nothing. The common name if absent.
     */
    Optional<String> subjectPattern();
}
