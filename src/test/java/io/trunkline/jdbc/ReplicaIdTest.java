package io.trunkline.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What replicas are called. */
class ReplicaIdTest {
    @Test
    void idBeginsWithTheHost() {
        assertThat(new ReplicaId("Trunkline-0").value()).matches("trunkline-0-[0-9a-f]{4}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a b'c\"d",
                "h\u00f6st",
                "trunkline-7d9f8c6b5-abcde.a-very-long-subdomain.some-namespace.svc.cluster.local"
            })
    void nameOfAConnectionIsWholeInPostgres(String host) {
        String name = new ReplicaId(host).applicationName();

        assertThat(name).matches("trunkline [a-z0-9._-]{5,53}");
        assertThat(name.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(63);
    }
}
