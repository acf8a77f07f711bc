package io.trunkline.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.trunkline.testing.CertificateAuthority;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientCertificatesTest {
    private final CertificateAuthority authority = new CertificateAuthority("authority");

    /** The settings. */
    private record Settings(boolean enabled, Optional<String> subjectPattern) implements CertificatesConfig {}

    private Optional<String> name(CertificatesConfig config, String subject) {
        return new ClientCertificates(config, Clock.systemUTC())
                .principal(List.of(authority.issue(subject).certificate()))
                .map(Principal::name);
    }

    @Test
    void commonNameIsThePrincipal() {
        CertificatesConfig config = new Settings(true, Optional.empty());

        assertThat(name(config, "CN=orders,OU=services,O=Example")).contains("orders");
        assertThat(name(config, "OU=services,CN=or\\,ders+L=Here")).isEmpty();
        assertThat(name(config, "CN=orders\\,CN\\=admin,O=Example")).contains("orders,CN=admin");
        assertThat(name(config, "O=CN\\=admin,CN=orders")).contains("orders");
    }

    @ParameterizedTest
    @ValueSource(strings = {"O=Example", "CN=a,CN=b", "CN=a+OU=b"})
    void subjectWithoutOneCommonNameIsNobody(String subject) {
        assertThat(name(new Settings(true, Optional.empty()), subject)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CN=orders,OU=services,O=Example|orders",
                "CN=orders,OU=people,O=Example|",
                "CN=orders,OU=services,O=Example,C=DE|",
                "CN=a\\,OU\\=services\\,O\\=Example,O=Other|"
            })
    void patternIsForTheWholeSubject(String subject, String principal) {
        CertificatesConfig config = new Settings(true, Optional.of("CN=([a-z]+),OU=services,O=Example"));

        assertThat(name(config, subject)).isEqualTo(Optional.ofNullable(principal));
    }

    @Test
    void nothingIsProvenWhereTheyAreOff() {
        ClientCertificates certificates =
                new ClientCertificates(new Settings(false, Optional.empty()), Clock.systemUTC());

        assertThat(certificates.enabled()).isFalse();
        assertThat(certificates.principal(List.of(authority.issue("CN=orders").certificate())))
                .isEmpty();
    }

    @Test
    void withoutACertificateThereIsNobody() {
        assertThat(new ClientCertificates(new Settings(true, Optional.empty()), Clock.systemUTC()).principal(List.of()))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"CN=[a-z]+", "CN=([a-z+"})
    void patternWithoutAGroupIsRefused(String pattern) {
        assertThatThrownBy(() -> new ClientCertificates(new Settings(true, Optional.of(pattern)), Clock.systemUTC()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("trunkline.access.certificates.subject-pattern");
    }
}
