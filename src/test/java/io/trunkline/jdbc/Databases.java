package io.trunkline.jdbc;

import io.agroal.api.AgroalDataSource;

/** Makes the service's access to a database without the service. */
public final class Databases {
    private Databases() {}

    public static Database of(AgroalDataSource dataSource) {
        return new Database(dataSource);
    }
}
