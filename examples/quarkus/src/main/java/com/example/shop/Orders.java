package com.example.shop;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.sql.DataSource;

/** The orders of the shop, and the event of each. */
@ApplicationScoped
class Orders {
    static final String TOPIC = "orders";

    private static final Pattern ITEM = Pattern.compile("[a-z-]{1,50}");
    private static final int MAX_QUANTITY = 1_000;
    private static final String CHECK_VIOLATION = "23514";

    private static final String FIND_ITEM = "SELECT FROM item WHERE name = ?";

    private static final String INSERT_ORDER = """
            INSERT INTO customer_order (item, quantity)
            VALUES (?, ?)
            RETURNING order_id
            """;

    /** A function of Trunkline, which takes topic, key and value. The search path of the role finds it: setup.sql. */
    private static final String ENQUEUE = "SELECT enqueue(?::text, ?::text, ?::text)";

    private static final String TAKE_FROM_STOCK = """
            UPDATE item
               SET stock = stock - ?
             WHERE name = ?
            """;

    private static final String FIND_ORDER = """
            SELECT o.item, o.quantity, s.order_id IS NOT NULL AS shipped
              FROM customer_order o
              LEFT JOIN shipment s USING (order_id)
             WHERE o.order_id = ?
            """;

    private final DataSource database;
    private final ObjectMapper json;

    Orders(DataSource database, ObjectMapper json) {
        this.database = database;
        this.json = json;
    }

    /**
     * Stores an order and publishes the event in one transaction: readers of the topic see the event if the transaction commits, and
     * never see it otherwise.
     *
     * @throws OrderRefusedException if the order is not valid, or there is not enough in stock
     */
    @Transactional
    Order place(NewOrder order) {
        try (Connection connection = database.getConnection()) {
            check(connection, order);
            long id = insert(connection, order);
            publish(connection, new OrderPlaced(id, order.item(), order.quantity()));
            takeFromStock(connection, order);
            return new Order(id, order.item(), order.quantity(), false);
        } catch (SQLException e) {
            throw new IllegalStateException("The order could not be stored.", e);
        }
    }

    Optional<Order> find(long id) {
        try (Connection connection = database.getConnection();
                PreparedStatement statement = connection.prepareStatement(FIND_ORDER)) {
            statement.setLong(1, id);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? Optional.of(
                                new Order(id, row.getString("item"), row.getInt("quantity"), row.getBoolean("shipped")))
                        : Optional.empty();
            }
        } catch (SQLException e) {
            throw new IllegalStateException("The order could not be read.", e);
        }
    }

    private static void check(Connection connection, NewOrder order) throws SQLException {
        if (order == null || order.quantity() < 1 || order.quantity() > MAX_QUANTITY) {
            throw new OrderRefusedException("The quantity must be from 1 to " + MAX_QUANTITY + ".");
        }
        if (order.item() == null || !ITEM.matcher(order.item()).matches() || !sells(connection, order.item())) {
            throw new OrderRefusedException("The shop does not sell this item.");
        }
    }

    private static boolean sells(Connection connection, String item) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(FIND_ITEM)) {
            statement.setString(1, item);
            try (ResultSet row = statement.executeQuery()) {
                return row.next();
            }
        }
    }

    private static long insert(Connection connection, NewOrder order) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(INSERT_ORDER)) {
            statement.setString(1, order.item());
            statement.setInt(2, order.quantity());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong("order_id");
            }
        }
    }

    private void publish(Connection connection, OrderPlaced event) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(ENQUEUE)) {
            statement.setString(1, TOPIC);
            statement.setString(2, Long.toString(event.id()));
            statement.setString(3, json.writeValueAsString(event));
            statement.execute();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The table refuses a stock below zero. The exception rolls back the order, and with it the event that is in the outbox. */
    private static void takeFromStock(Connection connection, NewOrder order) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(TAKE_FROM_STOCK)) {
            statement.setInt(1, order.quantity());
            statement.setString(2, order.item());
            statement.executeUpdate();
        } catch (SQLException e) {
            if (CHECK_VIOLATION.equals(e.getSQLState())) {
                throw new OrderRefusedException("There are not enough of this item in stock.");
            }
            throw e;
        }
    }
}
