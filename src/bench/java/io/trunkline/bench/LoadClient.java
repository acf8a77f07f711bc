package io.trunkline.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * The HTTP side of the load generator: one event loop for all connections, as cheap in CPU as can be, since it shares the
 * machine with what it measures. The load generator is the process of {@link Benchmark}, apart from the service and
 * PostgreSQL.
 */
final class LoadClient implements AutoCloseable {
    private static final int CONNECT_SECONDS = 10;
    private static final int RECEIVE_BYTES = 64 * 1024;

    private final NioEventLoopGroup group = new NioEventLoopGroup(1);
    private final EventLoop loop = group.next();

    EventLoop loop() {
        return loop;
    }

    /** Opens a connection to a port of this machine, and gives it a number of the user's choice. */
    HttpConnection connect(int port, HttpConnection.User user, int number) throws IOException {
        Bootstrap bootstrap = new Bootstrap()
                .group(loop)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_SECONDS * 1000)
                .option(ChannelOption.RCVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator(1024, 4096, RECEIVE_BYTES))
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new HttpConnection(user, number, channel));
                    }
                });
        var connected = bootstrap.connect("127.0.0.1", port).awaitUninterruptibly();
        if (!connected.isSuccess()) {
            throw new IOException("no connection to port " + port, connected.cause());
        }
        return connected.channel().pipeline().get(HttpConnection.class);
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }
}
