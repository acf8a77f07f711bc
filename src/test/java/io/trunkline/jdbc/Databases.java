package io.trunkline.jdbc;

import io.agroal.api.AgroalDataSource;
import io.agroal.api.configuration.supplier.AgroalDataSourceConfigurationSupplier;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.sql.SQLException;
import java.util.Map;

/** Makes the service's access to a database without the service. */
public final class Databases {
    private Databases() {}

    public static Database of(AgroalDataSource dataSource) {
        SchemaState schema = new SchemaState();
        schema.checked("unknown");
        return new Database(dataSource, schema, new ConnectionLimits(config(Map.of())));
    }

    /** One that nobody reaches, for stores of which a test answers all calls itself. */
    public static Database unreachable() {
        try {
            return of(AgroalDataSource.from(new AgroalDataSourceConfigurationSupplier()
                    .connectionPoolConfiguration(pool -> pool.maxSize(1)
                            .connectionFactoryConfiguration(
                                    factory -> factory.jdbcUrl("jdbc:postgresql://127.0.0.1:1/none")))));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The configuration of a database, by the keys of a service's configuration. */
    public static DatabaseConfig config(Map<String, String> settings) {
        return new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(DatabaseConfig.class)
                .withSources(new PropertiesConfigSource(settings, "test", 500))
                .build()
                .getConfigMapping(DatabaseConfig.class);
    }
}
