package com.example.shop;

import com.example.shop.stream.StreamEvent;
import com.example.shop.stream.StreamHandler;
import com.example.shop.stream.StreamTakenException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Ships what was ordered, by the events of the topic. The position in the topic moves in the transaction that stores the shipment, so
 * that the shop goes on exactly where it was, whenever it ends.
 */
@ApplicationScoped
class Shipments implements StreamHandler {
    private static final Logger LOG = Logger.getLogger(Shipments.class);

    private static final String FIND_POSITION = "SELECT cursor FROM stream_position WHERE topic = ?";

    private static final String MOVE_POSITION = """
            UPDATE stream_position
               SET cursor = ?, records = records + ?
             WHERE topic = ? AND cursor = ?
            """;

    /** An order is shipped once, even if somebody has published its event twice. */
    private static final String INSERT_SHIPMENT = """
            INSERT INTO shipment (order_id, item, quantity)
            VALUES (?, ?, ?)
            ON CONFLICT (order_id) DO NOTHING
            """;

    private final DataSource database;
    private final ObjectMapper json;

    Shipments(DataSource database, ObjectMapper json) {
        this.database = database;
        this.json = json;
    }

    @Override
    public String cursor() {
        try (Connection connection = database.getConnection();
                PreparedStatement statement = connection.prepareStatement(FIND_POSITION)) {
            statement.setString(1, Orders.TOPIC);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    throw new IllegalStateException("There is no position of this topic: run setup.sql.");
                }
                return row.getString("cursor");
            }
        } catch (SQLException e) {
            throw new IllegalStateException("The position could not be read.", e);
        }
    }

    @Override
    @Transactional
    public void handle(String cursor, StreamEvent event) {
        try (Connection connection = database.getConnection()) {
            move(connection, cursor, event);
            switch (event.name()) {
                case StreamEvent.RECORD -> ship(connection, json.readTree(event.data()));
                case StreamEvent.OPEN -> {} // the position is all that it has
                case StreamEvent.OVERTAKEN ->
                    LOG.errorf("Retention removed events before the shop read them what=%s", event.data());
                case StreamEvent.RECREATED ->
                    LOG.warn("The topic was deleted and created again, and is read from its first event");
                default -> LOG.warnf("Trunkline sent an event of an unknown kind name=%s", event.name());
            }
        } catch (SQLException | JsonProcessingException e) {
            throw new IllegalStateException("The event could not be handled.", e);
        }
    }

    /** Locks the row until the commit: of two instances that have the same event, the second one finds another cursor. */
    private static void move(Connection connection, String cursor, StreamEvent event) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(MOVE_POSITION)) {
            statement.setString(1, event.id());
            statement.setInt(2, event.name().equals(StreamEvent.RECORD) ? 1 : 0);
            statement.setString(3, Orders.TOPIC);
            statement.setString(4, cursor);
            if (statement.executeUpdate() == 0) {
                throw new StreamTakenException();
            }
        }
    }

    private void ship(Connection connection, JsonNode record) throws SQLException {
        Optional<OrderPlaced> event = orderPlaced(record.path("value"));
        if (event.isEmpty()) {
            // It would be no order the next time either: the shop goes on, and somebody looks at the record.
            LOG.errorf(
                    "A record is no order and is skipped partition=%s offset=%s",
                    record.path("partition"), record.path("offset"));
            return;
        }
        OrderPlaced order = event.get();
        try (PreparedStatement statement = connection.prepareStatement(INSERT_SHIPMENT)) {
            statement.setLong(1, order.id());
            statement.setString(2, order.item());
            statement.setInt(3, order.quantity());
            statement.executeUpdate();
        }
    }

    private Optional<OrderPlaced> orderPlaced(JsonNode value) {
        try {
            return Optional.ofNullable(json.treeToValue(value, OrderPlaced.class));
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }
}
