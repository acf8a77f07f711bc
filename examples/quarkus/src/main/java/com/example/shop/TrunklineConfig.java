package com.example.shop;

import io.smallrye.config.ConfigMapping;
import java.net.URI;
import java.util.Optional;

/** Where Trunkline is. */
@ConfigMapping(prefix = "shop.trunkline")
interface TrunklineConfig {
    /** The address of its API. */
    URI url();

    /** The access token to show, where it asks for one. */
    Optional<String> token();
}
