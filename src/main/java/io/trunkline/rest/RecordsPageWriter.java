package io.trunkline.rest;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.ext.Provider;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
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
    /** A body up to this size is written at once, and a larger one in pieces of it. */
    private static final int PIECE = 128 * 1024;

    /** Where an event loop makes its pieces; replaced when a large record has made it large. */
    private static final ThreadLocal<JsonBuffer> PIECES = ThreadLocal.withInitial(() -> new JsonBuffer(2 * PIECE));

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
        RecordsWriter writer = new RecordsWriter(page.topic(), page.partition(), page.batches(), page.format());
        ResteasyReactiveRequestContext request = (ResteasyReactiveRequestContext) context;
        HttpServerResponse response =
                request.serverRequest().unwrap(RoutingContext.class).response();
        ByteBuf first = next(writer);
        if (!writer.hasNext()) {
            response.end(Buffer.buffer(first)).onComplete(written -> first.release());
            return;
        }
        request.suspend();
        response.setChunked(true);
        write(first, writer, response, request);
    }

    private static void write(
            ByteBuf piece, RecordsWriter writer, HttpServerResponse response, ResteasyReactiveRequestContext request) {
        response.write(Buffer.buffer(piece)).onComplete(written -> {
            piece.release();
            if (written.failed()) {
                request.resume(written.cause());
            } else if (writer.hasNext()) {
                write(next(writer), writer, response, request);
            } else {
                response.end();
                request.resume();
            }
        });
    }

    private static ByteBuf next(RecordsWriter writer) {
        JsonBuffer json = PIECES.get();
        json.clear();
        writer.next(json, PIECE);
        ByteBuf piece = PooledByteBufAllocator.DEFAULT.directBuffer(json.length());
        json.writeTo(piece);
        if (json.capacity() > 4 * PIECE) {
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
        RecordsWriter writer = new RecordsWriter(page.topic(), page.partition(), page.batches(), page.format());
        while (writer.hasNext()) {
            JsonBuffer json = new JsonBuffer(PIECE);
            writer.next(json, PIECE);
            json.writeTo(out);
        }
    }
}
