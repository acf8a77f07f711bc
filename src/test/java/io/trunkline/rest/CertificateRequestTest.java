package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.tls.BaseTlsConfiguration;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.trunkline.access.CertificatesConfig;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.TrustOptions;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CertificateRequestTest {
    private final Registry registry = new Registry();

    /** TLS configurations by name. */
    private static final class Registry implements TlsConfigurationRegistry {
        private final Map<String, TlsConfiguration> byName = new HashMap<>();

        @Override
        public Optional<TlsConfiguration> get(String name) {
            return Optional.ofNullable(byName.get(name));
        }

        @Override
        public Optional<TlsConfiguration> getDefault() {
            return Optional.empty();
        }

        @Override
        public void register(String name, TlsConfiguration configuration) {
            byName.put(name, configuration);
        }
    }

    /** A TLS configuration with or without a trust store. */
    private static final class Tls extends BaseTlsConfiguration {
        private final @Nullable TrustOptions trust;
        private final boolean all;

        private Tls(@Nullable TrustOptions trust, boolean all) {
            this.trust = trust;
            this.all = all;
        }

        @Override
        public @Nullable TrustOptions getTrustStoreOptions() {
            return trust;
        }

        @Override
        public boolean isTrustAll() {
            return all;
        }
    }

    private CertificateRequest request(boolean enabled) {
        CertificatesConfig config = new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(CertificatesConfig.class)
                .withSources(new PropertiesConfigSource(
                        Map.of("trunkline.access.certificates.enabled", Boolean.toString(enabled)), "test", 500))
                .build()
                .getConfigMapping(CertificatesConfig.class);
        return new CertificateRequest(config, registry, Optional.of("web"));
    }

    @Test
    void certificatesAreRequestedOnlyWhereTheyAreOn() {
        HttpServerOptions on = new HttpServerOptions();
        HttpServerOptions off = new HttpServerOptions();

        request(true).customizeHttpsServer(on);
        request(false).customizeHttpsServer(off);

        assertThat(on.getClientAuth()).isEqualTo(ClientAuth.REQUEST);
        assertThat(off.getClientAuth()).isEqualTo(ClientAuth.NONE);
    }

    @Test
    void withoutTlsTheyAreRefusedAtTheStart() {
        assertThatThrownBy(() -> request(true).start(new StartupEvent()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("quarkus.http.tls-configuration-name");
        assertThatCode(() -> request(false).start(new StartupEvent())).doesNotThrowAnyException();
    }

    @Test
    void withoutAnAuthorityTheyAreRefusedAtTheStart() {
        registry.register("web", new Tls(null, false));

        assertThatThrownBy(() -> request(true).start(new StartupEvent()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("trust store");
    }

    @Test
    void whereEveryCertificateWouldCountTheyAreRefusedAtTheStart() {
        registry.register("web", new Tls(new PemTrustOptions(), true));

        assertThatThrownBy(() -> request(true).start(new StartupEvent())).isInstanceOf(ConfigurationException.class);
    }

    @Test
    void withAnAuthorityTheServiceStarts() {
        registry.register("web", new Tls(new PemTrustOptions(), false));

        assertThatCode(() -> request(true).start(new StartupEvent())).doesNotThrowAnyException();
    }
}
