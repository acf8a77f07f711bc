package io.trunkline.access;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Quotas that a test sets, where the service has none. */
public final class LimitedQuotas {
    private LimitedQuotas() {}

    /** The principal of everybody, who may read so many bytes a second. */
    public static Quotas.Account ofBytesRead(int perSecond, LongSupplier nanoTime) {
        QuotaConfig config = new SmallRyeConfigBuilder()
                .withMapping(QuotaConfig.class)
                .addDiscoveredConverters()
                .withSources(new PropertiesConfigSource(
                        Map.of("trunkline.quotas.bytes-read", Integer.toString(perSecond)), "test", 500))
                .build()
                .getConfigMapping(QuotaConfig.class);
        return new Quotas(config, nanoTime, quota -> {}).of(Optional.empty());
    }
}
