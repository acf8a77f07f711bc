package io.trunkline.jdbc;

import io.quarkus.runtime.annotations.RegisterForReflection;
import io.quarkus.runtime.configuration.DurationConverter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import javax.net.SocketFactory;

/**
 * Makes the sockets of all connections to PostgreSQL, below TLS where that is used. The driver finds it by its name
 * ({@code socketFactory}) and gives it the response timeout ({@code socketFactoryArg}).
 */
@RegisterForReflection
public final class DatabaseSocketFactory extends SocketFactory {
    private final Duration writeTimeout;

    /** @param responseTimeout as it is configured, for what is written at once too */
    public DatabaseSocketFactory(String responseTimeout) {
        writeTimeout = DurationConverter.parseDuration(responseTimeout);
    }

    @Override
    public Socket createSocket() throws IOException {
        return DatabaseSocket.open(writeTimeout);
    }

    @Override
    public Socket createSocket(String host, int port) {
        throw new UnsupportedOperationException("the driver connects by itself");
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
        throw new UnsupportedOperationException("the driver connects by itself");
    }

    @Override
    public Socket createSocket(InetAddress host, int port) {
        throw new UnsupportedOperationException("the driver connects by itself");
    }

    @Override
    public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort) {
        throw new UnsupportedOperationException("the driver connects by itself");
    }
}
