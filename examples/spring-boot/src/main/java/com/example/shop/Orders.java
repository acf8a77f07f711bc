package com.example.shop;

import java.util.Optional;
import java.util.regex.Pattern;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;
import tools.jackson.databind.json.JsonMapper;

/** The orders of the shop, and the event of each. */
@Service
class Orders {
    static final String TOPIC = "orders";

    private static final Pattern ITEM = Pattern.compile("[a-z-]{1,50}");
    private static final int MAX_QUANTITY = 1_000;

    private static final String FIND_ITEM = "SELECT EXISTS (SELECT FROM item WHERE name = ?)";

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
            SELECT o.order_id AS id, o.item, o.quantity, s.order_id IS NOT NULL AS shipped
              FROM customer_order o
              LEFT JOIN shipment s USING (order_id)
             WHERE o.order_id = ?
            """;

    private final JdbcClient database;
    private final JsonMapper json;

    Orders(JdbcClient database, JsonMapper json) {
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
    public Order place(NewOrder order) {
        check(order);
        long id = database.sql(INSERT_ORDER)
                .params(order.item(), order.quantity())
                .query(Long.class)
                .single();
        OrderPlaced event = new OrderPlaced(id, order.item(), order.quantity());
        database.sql(ENQUEUE)
                .params(TOPIC, Long.toString(id), json.writeValueAsString(event))
                .query(Long.class)
                .single();
        takeFromStock(order);
        return new Order(id, order.item(), order.quantity(), false);
    }

    public Optional<Order> find(long id) {
        return database.sql(FIND_ORDER).param(id).query(Order.class).optional();
    }

    private void check(NewOrder order) {
        if (order.quantity() < 1 || order.quantity() > MAX_QUANTITY) {
            throw new OrderRefusedException("The quantity must be from 1 to " + MAX_QUANTITY + ".");
        }
        if (order.item() == null || !ITEM.matcher(order.item()).matches() || !sells(order.item())) {
            throw new OrderRefusedException("The shop does not sell this item.");
        }
    }

    private boolean sells(String item) {
        return database.sql(FIND_ITEM).param(item).query(Boolean.class).single();
    }

    /** The table refuses a stock below zero. The exception rolls back the order, and with it the event that is in the outbox. */
    private void takeFromStock(NewOrder order) {
        try {
            database.sql(TAKE_FROM_STOCK).params(order.quantity(), order.item()).update();
        } catch (DataIntegrityViolationException e) {
            throw new OrderRefusedException("There are not enough of this item in stock.");
        }
    }
}
