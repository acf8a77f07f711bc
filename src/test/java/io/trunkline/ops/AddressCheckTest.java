package io.trunkline.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.trunkline.access.AccessConfig;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Addresses that other machines reach need a word about who may use them. */
class AddressCheckTest {
    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]", "::ffff:127.0.0.1"})
    void loopbackAddressNeedsNoMode(String host) {
        assertThat(AddressCheck.isLoopback(host)).isTrue();
        assertThatCode(() -> check(Map.of("quarkus.http.host", host, "quarkus.management.host", host)))
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", "192.0.2.7", "10.127.0.1", "2001:db8::1", "no-such-host.invalid"})
    void otherAddressIsRefusedWithoutAMode(String host) {
        assertThatThrownBy(() -> check(Map.of("quarkus.http.host", host)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("quarkus.http.host is " + host)
                .hasMessageContaining("TRUNKLINE_ACCESS_MODE")
                .hasMessageContaining("token create")
                .hasMessageContaining("none");
        assertThatThrownBy(() -> check(Map.of("quarkus.management.host", host)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("quarkus.management.host is " + host);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "required"})
    void otherAddressIsTakenWithAMode(String mode) {
        assertThatCode(() -> check(Map.of("quarkus.http.host", "0.0.0.0", "trunkline.access.mode", mode)))
                .doesNotThrowAnyException();
    }

    @Test
    void addressThatIsNotSetIsEveryAddress() {
        Map<String, String> settings = new HashMap<>();
        settings.put("quarkus.http.host", "");

        assertThatThrownBy(() -> check(settings)).isInstanceOf(ConfigurationException.class);
    }

    @Test
    void whoeverDoesNotListenNeedsNoMode() {
        assertThatCode(() -> check(Map.of(
                        "quarkus.http.host", "0.0.0.0",
                        "quarkus.http.host-enabled", "false",
                        "quarkus.management.host", "0.0.0.0",
                        "quarkus.management.host-enabled", "false")))
                .doesNotThrowAnyException();
    }

    private static void check(Map<String, String> settings) {
        Map<String, String> all =
                new HashMap<>(Map.of("quarkus.http.host", "127.0.0.1", "quarkus.management.host", "127.0.0.1"));
        all.putAll(settings);
        SmallRyeConfig config = new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(AccessConfig.class)
                .withSources(new PropertiesConfigSource(all, "test", 500))
                .build();
        new AddressCheck(config, config.getConfigMapping(AccessConfig.class)).atStart(new StartupEvent());
    }
}
