package io.trunkline.rest;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.trunkline.edge.Exchange;
import io.trunkline.json.JsonBuffer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.ext.Provider;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import java.util.function.Function;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.core.ResteasyReactiveRequestContext;
import org.jboss.resteasy.reactive.server.spi.ResteasyReactiveResourceInfo;
import org.jboss.resteasy.reactive.server.spi.ServerMessageBodyWriter;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;

/**
 * Writes a page as the client takes it: the next piece is made when the network has taken the one before, so that a slow
 * client holds the records, but not their text as well.
 */
@Provider
public class RecordsPageWriter implements ServerMessageBodyWriter<RecordsPage> {
    private static final Logger LOG = Logger.getLogger(RecordsPageWriter.class);

    /** Where an event loop makes its pieces; replaced when a large record has made it large. */
    private static final ThreadLocal<JsonBuffer> PIECES =
            ThreadLocal.withInitial(() -> new JsonBuffer(2 * RecordsPage.PIECE));

    @Override
    public boolean isWriteable(
            Class<?> type, Type genericType, ResteasyReactiveResourceInfo target, MediaType mediaType) {
        return type == RecordsPage.class;
    }

    @Override
    public boolean isWriteable(Class<?> type, Type genericType, Annotation[] annotations, MediaType mediaType) {
        return type == RecordsPage.class;
    }

    @Override
    public void writeResponse(RecordsPage page, Type genericType, ServerRequestContext context) {
        new Writing(page, (ResteasyReactiveRequestContext) context).start();
    }

    /** One page on its way out. Used by the request's event loop only. */
    private static final class Writing {
        private final RecordsPage page;
        private final RecordsPageJson writer;
        private final ResteasyReactiveRequestContext request;
        private final RoutingContext context;
        private final HttpServerResponse response;
        private final Exchange exchange;
        /** Whether the request waits for the writing to end. */
        private boolean suspended;

        Writing(RecordsPage page, ResteasyReactiveRequestContext request) {
            this.page = page;
            this.request = request;
            writer = new RecordsPageJson(page);
            context = request.serverRequest().unwrap(RoutingContext.class);
            response = context.response();
            exchange = Exchange.of(context);
        }

        void start() {
            page.begun().complete(null);
            try {
                ByteBuf first = next(writer);
                if (writer.hasNext()) {
                    request.suspend();
                    suspended = true;
                    response.setChunked(true);
                    write(first);
                } else {
                    send(first, response::end, () -> done(true));
                }
            } catch (RuntimeException | Error e) {
                failed(e);
            }
        }

        private void write(ByteBuf piece) {
            // The next one is not made at once, so that others have their turn even where the network takes everything.
            send(
                    piece,
                    response::write,
                    () -> Vertx.currentContext().runOnContext(next -> {
                        try {
                            if (writer.hasNext()) {
                                write(next(writer));
                            } else {
                                end();
                            }
                        } catch (RuntimeException | Error e) {
                            failed(e);
                        }
                    }));
        }

        private void end() {
            boolean endsWithTheConnection = context.request().version() == HttpVersion.HTTP_1_0;
            response.end().onComplete(ended -> {
                if (endsWithTheConnection) {
                    context.request().connection().close();
                }
                done(ended.succeeded());
            });
        }

        /** Goes on when the network has taken a piece. What the piece held is free then. */
        private void send(ByteBuf piece, Function<Buffer, Future<Void>> by, Runnable then) {
            Future<Void> sent;
            int size = piece.readableBytes();
            long memory = writer.done();
            QuotaFilter.account(context).ifPresent(account -> account.read(size));
            try {
                sent = by.apply(Buffer.buffer(piece));
            } catch (RuntimeException | Error e) {
                piece.release();
                throw e;
            }
            // The head, which goes with the first piece, begins the time that the client has.
            exchange.giving(size);
            sent.onComplete(result -> {
                exchange.taken();
                exchange.giveBack(memory);
                piece.release();
                if (result.succeeded()) {
                    then.run();
                } else {
                    LOG.debugf(
                            "An answer was not taken reason=%s", result.cause().getMessage());
                    done(false);
                }
            });
        }

        private void failed(Throwable failure) {
            LOG.errorf(
                    failure,
                    "An answer could not be written path=%s",
                    context.request().path());
            response.reset();
            done(false);
        }

        private void done(boolean taken) {
            page.written().complete(taken);
            if (suspended) {
                request.resume();
            }
        }
    }

    private static ByteBuf next(RecordsPageJson writer) {
        JsonBuffer json = PIECES.get();
        json.clear();
        writer.next(json, RecordsPage.PIECE);
        ByteBuf piece = PooledByteBufAllocator.DEFAULT.directBuffer(json.length());
        json.writeTo(piece);
        if (json.capacity() > 4 * RecordsPage.PIECE) {
            PIECES.remove();
        }
        return piece;
    }

    /** The way of blocking writers, which nobody takes here. */
    @Override
    public void writeTo(
            RecordsPage page,
            Class<?> type,
            Type genericType,
            Annotation[] annotations,
            MediaType mediaType,
            MultivaluedMap<String, Object> headers,
            OutputStream out)
            throws IOException {
        RecordsPageJson writer = new RecordsPageJson(page);
        while (writer.hasNext()) {
            JsonBuffer json = new JsonBuffer(RecordsPage.PIECE);
            writer.next(json, RecordsPage.PIECE);
            json.writeTo(out);
        }
    }
}
