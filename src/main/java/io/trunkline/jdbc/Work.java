package io.trunkline.jdbc;

import java.sql.Connection;
import java.sql.SQLException;

/** What is done with a connection. */
@FunctionalInterface
public interface Work<T> {
    T with(Connection connection) throws SQLException;
}
