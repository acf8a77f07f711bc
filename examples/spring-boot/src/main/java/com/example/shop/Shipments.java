package com.example.shop;

import com.example.shop.stream.StreamEvent;
import com.example.shop.stream.StreamHandler;
import com.example.shop.stream.StreamTakenException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Ships what was ordered, by the events of the topic. The position in the topic moves in the transaction that stores the shipment, so
 * that the shop goes on exactly where it was, whenever it ends.
 */
@Service
class Shipments implements StreamHandler {
    private static final Logger LOG = LoggerFactory.getLogger(Shipments.class);

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

    private final JdbcClient database;
    private final JsonMapper json;

    Shipments(JdbcClient database, JsonMapper json) {
        this.database = database;
        this.json = json;
    }

    @Override
    public String cursor() {
        return database.sql(FIND_POSITION)
                .param(Orders.TOPIC)
                .query(String.class)
                .single();
    }

    @Override
    @Transactional
    public void handle(String cursor, StreamEvent event) {
        move(cursor, event);
        switch (event.name()) {
            case StreamEvent.RECORD -> ship(json.readTree(event.data()));
            case StreamEvent.OPEN -> {} // the position is all that it has
            case StreamEvent.OVERTAKEN ->
                LOG.error("Retention removed events before the shop read them what={}", event.data());
            case StreamEvent.RECREATED ->
                LOG.warn("The topic was deleted and created again, and is read from its first event");
            default -> LOG.warn("Trunkline sent an event of an unknown kind name={}", event.name());
        }
    }

    /** Locks the row until the commit: of two instances that have the same event, the second one finds another cursor. */
    private void move(String cursor, StreamEvent event) {
        int records = event.name().equals(StreamEvent.RECORD) ? 1 : 0;
        int moved = database.sql(MOVE_POSITION)
                .params(event.id(), records, Orders.TOPIC, cursor)
                .update();
        if (moved == 0) {
            throw new StreamTakenException();
        }
    }

    private void ship(JsonNode record) {
        Optional<OrderPlaced> event = orderPlaced(record.path("value"));
        if (event.isEmpty()) {
            // It would be no order the next time either: the shop goes on, and somebody looks at the record.
            LOG.error(
                    "A record is no order and is skipped partition={} offset={}",
                    record.path("partition"),
                    record.path("offset"));
            return;
        }
        OrderPlaced order = event.get();
        database.sql(INSERT_SHIPMENT)
                .params(order.id(), order.item(), order.quantity())
                .update();
    }

    private Optional<OrderPlaced> orderPlaced(JsonNode value) {
        try {
            return Optional.ofNullable(json.treeToValue(value, OrderPlaced.class));
        } catch (JacksonException e) {
            return Optional.empty();
        }
    }
}
