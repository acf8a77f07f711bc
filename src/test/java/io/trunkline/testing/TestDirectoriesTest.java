package io.trunkline.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing that a test starts writes into the checkout. */
class TestDirectoriesTest {
    @ParameterizedTest
    @ValueSource(strings = {"", ".", "src", "target/../docs", "no-such-directory"})
    void directoryInTheCheckoutIsRefused(String directory) {
        assertThatThrownBy(() -> TestDirectories.outsideTheCheckout(Path.of(directory)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is in the checkout");
    }

    @Test
    void directoriesElsewhereAndBelowTargetAreTaken(@TempDir Path elsewhere) {
        assertThat(TestDirectories.outsideTheCheckout(elsewhere)).isEqualTo(elsewhere);
        assertThat(TestDirectories.outsideTheCheckout(Path.of("target/bench"))).isEqualTo(Path.of("target/bench"));
    }

    @Test
    void serviceIsNotStartedInTheCheckout() {
        assertThatThrownBy(() -> ServiceProcess.launch(Path.of(""), Map.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is in the checkout");
    }
}
