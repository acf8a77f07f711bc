package io.trunkline.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class QuotasTest {
    private static final Optional<Principal> ANN = principal("ann");
    private static final Optional<Principal> BOB = principal("bob");

    private final AtomicLong now = new AtomicLong(5);
    private final List<Quota> rejections = new ArrayList<>();

    @Test
    void nothingIsLimitedUnlessItIsSet() {
        Quotas quotas = quotas(Map.of());

        assertThat(quotas.limitRequests()).isFalse();
        quotas.checkTopics(Long.MAX_VALUE);
        quotas.checkPartitions(Long.MAX_VALUE);
        quotas.checkConsumers(Long.MAX_VALUE);
        Quotas.Account ann = quotas.of(ANN);
        for (int i = 0; i < 10_000; i++) {
            ann.request();
            ann.write(1 << 20);
            ann.open();
            ann.read(1 << 30);
        }
        assertThat(rejections).isEmpty();
    }

    @Test
    void requestsAreLimitedForEachPrincipalAndTheRefusalSaysUntilWhen() {
        Quotas quotas = quotas(Map.of("requests", "1"));
        Quotas.Account ann = quotas.of(ANN);

        ann.request();

        assertExceeded(ann::request, "trunkline.quotas.requests", 1);
        assertThatCode(quotas.of(BOB)::request).doesNotThrowAnyException();
        seconds(1);
        assertThatCode(quotas.of(ANN)::request).doesNotThrowAnyException();
        assertThat(rejections).containsExactly(Quota.REQUESTS);
    }

    @Test
    void bodiesAreLimitedByTheirBytes() {
        Quotas quotas = quotas(Map.of("bytes-written", "1000"));
        Quotas.Account ann = quotas.of(ANN);

        ann.write(800);
        ann.write(100);

        assertExceeded(() -> ann.write(400), "trunkline.quotas.bytes-written", 1);
        ann.write(0);
        seconds(1);
        // Larger than what may come at once: it passes, and is paid for afterwards.
        ann.write(4_000);
        assertExceeded(() -> ann.write(1), "trunkline.quotas.bytes-written", 4);
    }

    @Test
    void pagesAreChargedWhenTheyAreKnownAndTheNextRequestWaits() {
        Quotas quotas = quotas(Map.of("bytes-read", "1000"));
        Quotas.Account ann = quotas.of(ANN);

        ann.open();
        ann.read(10_500);
        ann.close();

        assertExceeded(ann::open, "trunkline.quotas.bytes-read", 10);
        seconds(9);
        assertExceeded(ann::open, "trunkline.quotas.bytes-read", 1);
        seconds(1);
        assertThatCode(ann::open).doesNotThrowAnyException();
    }

    @Test
    void openPollsAreCountedUntilTheyEnd() {
        Quotas quotas = quotas(Map.of("open-polls", "2"));
        Quotas.Account ann = quotas.of(ANN);
        ann.open();
        ann.open();

        assertThatThrownBy(ann::open)
                .isInstanceOfSatisfying(TrunklineException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.QUOTA_EXCEEDED);
                    assertThat(e.retryAfterSeconds()).isEmpty();
                })
                .hasMessageContaining("2 polls and fetches at once");
        quotas.of(BOB).open();
        ann.close();
        assertThatCode(ann::open).doesNotThrowAnyException();
    }

    @Test
    void whatAPrincipalHasIsCountedByWhoeverKnows() {
        Quotas quotas = quotas(Map.of("topics", "2", "partitions", "3", "consumers", "4"));

        quotas.checkTopics(2);
        quotas.checkPartitions(3);
        quotas.checkConsumers(4);
        assertThatThrownBy(() -> quotas.checkTopics(3))
                .hasMessageContaining("2 topics")
                .hasMessageContaining("quotas.topics");
        assertThatThrownBy(() -> quotas.checkPartitions(4)).hasMessageContaining("3 partitions");
        assertThatThrownBy(() -> quotas.checkConsumers(5)).hasMessageContaining("4 consumers");
        assertThat(rejections).containsExactly(Quota.TOPICS, Quota.PARTITIONS, Quota.CONSUMERS);
    }

    @Test
    void accountsThatNobodyUsesAreForgotten() {
        Quotas quotas = quotas(Map.of("requests", "1", "open-polls", "1"));
        quotas.of(ANN).open();
        for (int i = 1; i < Quotas.MOST_ACCOUNTS; i++) {
            quotas.of(principal("p" + i)).request();
        }
        assertThat(quotas.accounts()).isEqualTo(Quotas.MOST_ACCOUNTS);

        seconds(61);
        quotas.of(BOB).request();

        assertThat(quotas.accounts()).isEqualTo(2);
        assertThatThrownBy(quotas.of(ANN)::open).isInstanceOf(TrunklineException.class);
    }

    @Test
    void principalsBeyondThoseThatAreToldApartShareAnAccount() {
        Quotas quotas = quotas(Map.of("requests", "1"));
        for (int i = 0; i < Quotas.MOST_ACCOUNTS; i++) {
            quotas.of(principal("p" + i)).request();
        }

        quotas.of(ANN).request();

        assertThatThrownBy(quotas.of(BOB)::request).isInstanceOf(TrunklineException.class);
        assertThat(quotas.accounts()).isEqualTo(Quotas.MOST_ACCOUNTS);
    }

    @Test
    void everybodySharesAnAccountWhereNobodyIsKnown() {
        Quotas quotas = quotas(Map.of("requests", "1"));

        quotas.of(Optional.empty()).request();

        assertThatThrownBy(quotas.of(Optional.empty())::request).isInstanceOf(TrunklineException.class);
    }

    private void assertExceeded(ThrowingCallable call, String setting, long retryAfter) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(TrunklineException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.QUOTA_EXCEEDED);
                    assertThat(e.retryAfterSeconds()).hasValue(retryAfter);
                })
                .hasMessageContaining(setting);
    }

    private void seconds(long seconds) {
        now.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
    }

    private Quotas quotas(Map<String, String> settings) {
        Map<String, String> properties = new HashMap<>();
        settings.forEach((key, value) -> properties.put("trunkline.quotas." + key, value));
        QuotaConfig config = new SmallRyeConfigBuilder()
                .withMapping(QuotaConfig.class)
                .addDiscoveredConverters()
                .withSources(new PropertiesConfigSource(properties, "test", 500))
                .build()
                .getConfigMapping(QuotaConfig.class);
        return new Quotas(config, now::get, rejections::add);
    }

    private static Optional<Principal> principal(String name) {
        return Optional.of(new Principal(name, Set.of()));
    }
}
