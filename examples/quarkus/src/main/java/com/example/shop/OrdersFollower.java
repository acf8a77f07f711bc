package com.example.shop;

import com.example.shop.stream.StreamSettings;
import com.example.shop.stream.TopicFollower;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** Follows the topic of orders as long as the shop runs. */
@ApplicationScoped
class OrdersFollower {
    private final TopicFollower follower;

    OrdersFollower(TrunklineConfig config, Shipments shipments) {
        follower = new TopicFollower(StreamSettings.of(config.url(), Orders.TOPIC, config.token()), shipments);
    }

    void start(@Observes StartupEvent event) {
        follower.start();
    }

    void stop(@Observes ShutdownEvent event) {
        follower.close();
    }
}
