package io.trunkline.jdbc;

import io.agroal.api.AgroalDataSource;
import io.agroal.api.configuration.supplier.AgroalDataSourceConfigurationSupplier;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.sql.SQLException;
import java.util.Map;
import org.flywaydb.core.Flyway;

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
    static DatabaseConfig config(Map<String, String> settings) {
        return new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(DatabaseConfig.class)
                .withSources(new PropertiesConfigSource(settings, "test", 500))
                .build()
                .getConfigMapping(DatabaseConfig.class);
    }

    /** Looks at a database as a start of the service with these settings does, and migrates it where they name its owner. */
    static Migration.Outcome attempt(Map<String, String> settings) {
        Flyway template = Flyway.configure()
                .schemas("trunkline")
                .ignoreMigrationPatterns("*:future")
                .load();
        DatabaseConfig config = config(settings);
        return new Migration(config, template)
                .attempt(DatabaseUrl.parse(config.url().orElseThrow()));
    }

    /** Brings the schema up to date, as a service with these settings would. */
    static void migrate(Map<String, String> settings) {
        Migration.Outcome outcome = attempt(settings);
        if (!(outcome instanceof Migration.Outcome.Good)) {
            throw new IllegalStateException(outcome.toString());
        }
    }
}
