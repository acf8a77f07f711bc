package io.trunkline.jdbc;

import io.agroal.api.AgroalDataSource;
import io.smallrye.config.SmallRyeConfigBuilder;

/** Makes the service's access to a database without the service. */
public final class Databases {
    private Databases() {}

    public static Database of(AgroalDataSource dataSource) {
        SchemaState schema = new SchemaState();
        schema.checked("unknown");
        DatabaseConfig config = new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(DatabaseConfig.class)
                .build()
                .getConfigMapping(DatabaseConfig.class);
        return new Database(dataSource, schema, new ConnectionLimits(config));
    }
}
