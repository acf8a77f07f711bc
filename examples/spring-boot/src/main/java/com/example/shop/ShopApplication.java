package com.example.shop;

import com.example.shop.stream.StreamSettings;
import com.example.shop.stream.TopicFollower;
import java.net.URI;
import java.util.Optional;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** A shop that takes orders, publishes an event for each in the transaction that stores it, and ships by the events. */
@SpringBootApplication
class ShopApplication {
    public static void main(String[] arguments) {
        SpringApplication.run(ShopApplication.class, arguments);
    }

    @Bean(initMethod = "start", destroyMethod = "close")
    TopicFollower followOrders(
            @Value("${shop.trunkline.url}") URI service,
            @Value("${shop.trunkline.token}") String token,
            Shipments shipments) {
        Optional<String> shown = Optional.of(token).filter(given -> !given.isEmpty());
        return new TopicFollower(StreamSettings.of(service, Orders.TOPIC, shown), shipments);
    }
}
