package io.trunkline.testing;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import java.net.URI;
import org.junit.jupiter.api.BeforeEach;

/**
 * A test of the service within this process, on a real PostgreSQL. Each test has clients and a consumer group of its own;
 * its class is a {@code @QuarkusTest}, which is not inherited.
 */
@QuarkusTestResource(TestDatabase.class)
public abstract class ServiceTestCase {
    /** Where the API is. */
    @TestHTTPResource("/")
    protected URI base;

    @TestHTTPResource(value = "/", management = true)
    URI management;

    protected Api api;
    /** A client of the management port. */
    protected Api ops;
    /** A group of a new name, which exists when its first consumer does. */
    protected Group group;

    @BeforeEach
    void connect() {
        api = new Api(base.toString());
        // Without the management's root path, under which only a part of its resources is.
        ops = new Api("http://" + management.getHost() + ":" + management.getPort());
        group = new Group(api);
    }
}
