package com.example.shop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged application beside the packaged Trunkline, both as processes that are killed and started again. */
class ShopIT {
    private static final String PASSWORD = UUID.randomUUID().toString();
    private static final int MANY = 1_000;
    private static final String RECORDS_OF_FOUR = """
            SELECT count(*)
              FROM trunkline.record
             WHERE topic = 'orders' AND convert_from(value, 'UTF8') LIKE '%"quantity":4%'
            """;

    @TempDir
    static Path directory;

    private static Trunkline trunkline;
    private static String token;
    private static Shop shop;

    @BeforeAll
    static void startBoth() throws IOException {
        trunkline = new Trunkline(directory);
        trunkline.execute(Files.readString(Path.of("setup.sql")));
        trunkline.execute("ALTER ROLE shop PASSWORD '" + PASSWORD + "'");
        token = trunkline.createToken("shop");
        shop = startShop();
    }

    @AfterAll
    static void stopBoth() {
        try (Trunkline last = trunkline;
                Shop first = shop) {
            // closes the shop first, and both of them whatever happens
        }
    }

    @Test
    void anOrderThatCommitsIsShipped() {
        long order = shop.place("tea", 2);

        patiently().until(() -> shop.isShipped(order));
    }

    @Test
    void anOrderThatIsRolledBackLeavesNoEvent() {
        long records = records();

        HttpResponse<String> refused = shop.send("teapot", 4);
        long order = shop.place("teapot", 1);

        assertThat(refused.statusCode()).isEqualTo(422);
        assertThat(refused.body()).contains("not enough of this item in stock");
        patiently().until(() -> shop.isShipped(order));
        assertThat(records()).isEqualTo(records + 1);
        assertThat(trunkline.number("SELECT count(*) FROM trunkline.outbox")).isZero();
        assertThat(trunkline.number(RECORDS_OF_FOUR)).isZero();
    }

    @Test
    void ordersThatAreNotValidAreRefused() {
        assertThat(shop.send("coffee", 1).body()).contains("does not sell this item");
        assertThat(shop.send("\\u0000", 1).statusCode()).isEqualTo(422);
        assertThat(shop.send("tea", 0).body()).contains("from 1 to 1000");
    }

    @Test
    void aShopThatIsKilledGoesOnExactlyWhereItWas() {
        long records = records();
        publish(1_000_000, MANY);
        patiently().until(() -> records() > records);

        shop.kill();

        assertThat(records()).as("killed on the way").isLessThan(records + MANY);
        shop = startShop();
        long last = shop.place("tea", 1);
        patiently().until(() -> records() >= records + MANY + 1);
        patiently().until(() -> shop.isShipped(last));
        assertThat(records()).as("each event was handled once").isEqualTo(records + MANY + 1);
        assertThat(shipments(1_000_000, MANY)).isEqualTo(MANY);
    }

    @Test
    void twoShopsShipEachOrderOnce() {
        long records = records();

        try (Shop second = startShop()) {
            publish(2_000_000, MANY);
            long order = second.place("tea", 1);
            patiently().until(() -> shop.isShipped(order));
            patiently().until(() -> records() >= records + MANY + 1);
        }

        assertThat(records()).isEqualTo(records + MANY + 1);
        assertThat(shipments(2_000_000, MANY)).isEqualTo(MANY);
    }

    @Test
    void ordersAreTakenWhileTrunklineIsAwayAndShippedWhenItIsBack() {
        long records = records();

        trunkline.kill();
        long order = shop.place("tea", 1);
        boolean early = shop.isShipped(order);
        trunkline.start();

        assertThat(early).isFalse();
        patiently().until(() -> shop.isShipped(order));
        assertThat(records()).isEqualTo(records + 1);
    }

    @Test
    void anEventThatIsPublishedTwiceIsIgnored() {
        long records = records();
        long shipments = trunkline.number("SELECT count(*) FROM shop.shipment");

        publish(3_000_000, 1);
        publish(3_000_000, 1);
        patiently().until(() -> records() == records + 2);

        assertThat(trunkline.number("SELECT count(*) FROM shop.shipment")).isEqualTo(shipments + 1);
    }

    @Test
    void aRecordThatIsNoOrderIsLoggedWithoutItsContentAndSkipped() {
        long records = records();

        trunkline.execute("""
                SELECT trunkline.enqueue('orders', '1', '{"secret": true}');
                SELECT trunkline.enqueue('orders', '1', 'no JSON, a secret');
                SELECT trunkline.enqueue('orders', '1', NULL::text);
                """);
        long order = shop.place("tea", 1);

        patiently().until(() -> shop.isShipped(order));
        patiently().until(() -> records() == records + 4);
        assertThat(shop.log().split("no order and is skipped", -1)).hasSizeGreaterThan(3);
        assertThat(shop.log()).doesNotContain("secret").doesNotContain(token).doesNotContain(PASSWORD);
    }

    private static Shop startShop() {
        return Shop.start(directory, trunkline, PASSWORD, token);
    }

    /** Publishes the events of orders that somebody else has taken. */
    private static void publish(long firstOrder, int count) {
        trunkline.execute("""
                SELECT trunkline.enqueue('orders', n::text, format('{"id": %%s, "item": "tea", "quantity": 1}', n))
                  FROM generate_series(%d, %d) AS n
                """.formatted(firstOrder, firstOrder + count - 1));
    }

    /** How many records the shop has handled. */
    private static long records() {
        return trunkline.number("SELECT records FROM shop.stream_position WHERE topic = 'orders'");
    }

    private static long shipments(long firstOrder, int count) {
        return trunkline.number("SELECT count(*) FROM shop.shipment WHERE order_id BETWEEN %d AND %d"
                .formatted(firstOrder, firstOrder + count - 1));
    }

    private static ConditionFactory patiently() {
        return await().atMost(Duration.ofMinutes(2)).pollInterval(Duration.ofMillis(20));
    }
}
