package io.trunkline.edge;

import io.netty.bootstrap.ChannelInitializerExtension;
import io.netty.channel.Channel;
import io.netty.channel.ServerChannel;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Puts a guard on every connection as it is accepted, before a byte of it is read. Netty finds it as a service where the system
 * property {@value ChannelInitializerExtension#EXTENSIONS_SYSTEM_PROPERTY} is {@code serviceload} when the first port opens;
 * connections that it has not seen are guarded from their first request on.
 */
@RegisterForReflection
public final class GuardInstaller extends ChannelInitializerExtension {
    private static final Set<Channel> PORTS = ConcurrentHashMap.newKeySet();

    /** The ports that are open. */
    static Set<Channel> ports() {
        return Set.copyOf(PORTS);
    }

    @Override
    public void postInitializeServerListenerChannel(ServerChannel channel) {
        PORTS.add(channel);
        channel.closeFuture().addListener(closed -> PORTS.remove(channel));
    }

    @Override
    public void postInitializeServerChildChannel(Channel channel) {
        ClientLimits limits = ClientLimits.current();
        if (limits != null) {
            RequestFraming.install(channel, limits);
        }
    }
}
