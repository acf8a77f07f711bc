package io.trunkline.jdbc;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** A statement with its parameters. Its methods make {@link Work} that runs the statement on a connection. */
public final class Sql {
    private final String text;
    private final @Nullable Object[] parameters;

    /**
     * @param parameters in the order of the question marks: numbers, booleans, strings, bytes, UUIDs, times, nulls, durations
     *     as seconds, {@code long[]}, and what {@link #array} makes. An {@code Object[]} would be taken for the list of them
     */
    public Sql(String text, @Nullable Object... parameters) {
        this.text = text;
        this.parameters = parameters;
    }

    @FunctionalInterface
    public interface Row<T> {
        T read(ResultSet row) throws SQLException;
    }

    @FunctionalInterface
    public interface Adder<R> {
        void add(R result, ResultSet row) throws SQLException;
    }

    private record Elements(String type, @Nullable Object[] values) {}

    /** Reads the only row. */
    public <T> Work<T> one(Row<T> value) {
        return reading(rows -> {
            if (!rows.next()) {
                throw new SQLException("no row");
            }
            return value.read(rows);
        });
    }

    /** Reads the first row; empty where there is none. */
    public <T> Work<Optional<T>> first(Row<T> value) {
        return reading(rows -> rows.next() ? Optional.of(value.read(rows)) : Optional.empty());
    }

    /** Reads all rows, in order. */
    public <T> Work<List<T>> list(Row<T> value) {
        return into(ArrayList::new, (list, row) -> list.add(value.read(row)));
    }

    /** Reads all rows by a key that is unique among them. */
    public <K, V> Work<Map<K, V>> map(Row<K> key, Row<V> value) {
        return into(HashMap::new, (map, row) -> map.put(key.read(row), value.read(row)));
    }

    /** Adds all rows to a result, in order. */
    public <R> Work<R> into(Supplier<R> start, Adder<? super R> adder) {
        return reading(rows -> {
            R result = start.get();
            while (rows.next()) {
                adder.add(result, rows);
            }
            return result;
        });
    }

    /** Reads the rows, from before the first one. */
    public <T> Work<T> reading(Row<T> work) {
        return connection -> {
            try (PreparedStatement statement = prepared(connection);
                    ResultSet rows = statement.executeQuery()) {
                return work.read(rows);
            }
        };
    }

    /** Changes rows, and returns how many. */
    public Work<Integer> update() {
        return connection -> {
            try (PreparedStatement statement = prepared(connection)) {
                return statement.executeUpdate();
            }
        };
    }

    /** Calls a function for its effect. */
    public Work<Boolean> call() {
        return connection -> {
            try (PreparedStatement statement = prepared(connection)) {
                return statement.execute();
            }
        };
    }

    private PreparedStatement prepared(Connection connection) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(text);
        try {
            for (int i = 0; i < parameters.length; i++) {
                switch (parameters[i]) {
                    case null -> statement.setNull(i + 1, Types.NULL);
                    case Elements(String type, @Nullable Object[] values) ->
                        statement.setArray(i + 1, connection.createArrayOf(type, values));
                    case Duration duration -> statement.setDouble(i + 1, duration.toMillis() / 1000.0);
                    default -> statement.setObject(i + 1, parameters[i]);
                }
            }
            return statement;
        } catch (SQLException | RuntimeException e) {
            statement.close();
            throw e;
        }
    }

    /** A parameter of one of PostgreSQL's array types, with an element for each item. */
    public static <T> Object array(String type, Collection<T> items, Function<T, ? extends @Nullable Object> element) {
        return new Elements(type, items.stream().map(element).toArray());
    }

    /** A parameter of the type {@code bigint[]}, with an element for each item. */
    public static <T> long[] longs(Collection<T> items, ToLongFunction<T> element) {
        return items.stream().mapToLong(element).toArray();
    }

    /** A parameter of the type {@code bigint[]}. */
    public static long[] longs(Collection<Long> items) {
        return longs(items, Long::longValue);
    }

    /** The elements of a column of the type {@code text[]}. */
    public static List<String> texts(ResultSet row, int column) throws SQLException {
        return Arrays.asList((String[]) row.getArray(column).getArray());
    }

    /** Whether PostgreSQL can store a text: it has neither U+0000 nor half a surrogate pair. */
    public static boolean isStorable(String text) {
        return text.indexOf('\0') < 0 && StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }

    public static OptionalLong optionalLong(ResultSet row, int column) throws SQLException {
        long value = row.getLong(column);
        return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(value);
    }

    public static OptionalInt optionalInt(ResultSet row, int column) throws SQLException {
        int value = row.getInt(column);
        return row.wasNull() ? OptionalInt.empty() : OptionalInt.of(value);
    }
}
