package io.trunkline.edge;

import io.netty.bootstrap.ChannelInitializerExtension;
import io.netty.channel.Channel;
import io.quarkus.runtime.annotations.RegisterForReflection;

/**
 * Puts a guard on every connection as it is accepted, before a byte of it is read. Netty finds it as a service where the system
 * property {@value ChannelInitializerExtension#EXTENSIONS_SYSTEM_PROPERTY} is {@code serviceload} when the first port opens;
 * connections that it has not seen are guarded from their first request on.
 */
@RegisterForReflection
public final class GuardInstaller extends ChannelInitializerExtension {
    @Override
    public void postInitializeServerChildChannel(Channel channel) {
        ClientLimits limits = ClientLimits.current();
        if (limits != null) {
            RequestFraming.install(channel, limits);
        }
    }
}
