package io.trunkline.rest;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;
import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.trunkline.access.CertificatesConfig;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServerOptions;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Requests a certificate of clients of the API's port where certificates prove who clients are. A client without one still gets in,
 * as nobody; one with a certificate of another authority does not get beyond the handshake.
 */
@Singleton
class CertificateRequest implements HttpServerOptionsCustomizer {
    private static final String ADVICE =
            " Set quarkus.http.tls-configuration-name to the name of a TLS configuration that has"
                    + " the certificate authorities of clients, quarkus.tls.<name>.trust-store.pem.certs, and the service's own key,"
                    + " quarkus.tls.<name>.key-store.pem.*.";

    private final CertificatesConfig certificates;
    private final TlsConfigurationRegistry registry;
    private final Optional<String> tlsConfigurationName;

    CertificateRequest(
            CertificatesConfig certificates,
            TlsConfigurationRegistry registry,
            @ConfigProperty(name = "quarkus.http.tls-configuration-name") Optional<String> tlsConfigurationName) {
        this.certificates = certificates;
        this.registry = registry;
        this.tlsConfigurationName = tlsConfigurationName;
    }

    void start(@Observes @Priority(60) StartupEvent event) {
        if (!certificates.enabled()) {
            return;
        }
        TlsConfiguration tls = tlsConfigurationName
                .flatMap(registry::get)
                .or(registry::getDefault)
                .orElseThrow(() -> new ConfigurationException(
                        "trunkline.access.certificates.enabled is true, but the API's port has no TLS." + ADVICE));
        if (tls.isTrustAll() || tls.getTrustStoreOptions() == null) {
            throw new ConfigurationException(
                    "trunkline.access.certificates.enabled is true, but the TLS configuration of the"
                            + " API's port has no trust store: certificates of any authority would count." + ADVICE);
        }
    }

    @Override
    public void customizeHttpsServer(HttpServerOptions options) {
        if (certificates.enabled()) {
            options.setClientAuth(ClientAuth.REQUEST);
        }
    }
}
