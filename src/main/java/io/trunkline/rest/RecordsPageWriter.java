package io.trunkline.rest;

import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.ext.Provider;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import org.jboss.resteasy.reactive.server.core.ResteasyReactiveRequestContext;
import org.jboss.resteasy.reactive.server.spi.ResteasyReactiveResourceInfo;
import org.jboss.resteasy.reactive.server.spi.ServerHttpResponse;
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
        ServerHttpResponse response = context.serverResponse();
        long estimate = RecordsWriter.estimate(page.batches());
        if (estimate <= PIECE) {
            byte[] first = writer.next(PIECE * 2);
            if (!writer.hasNext()) {
                response.end(first);
                return;
            }
            stream(first, writer, response, (ResteasyReactiveRequestContext) context);
        } else {
            stream(writer.next(PIECE), writer, response, (ResteasyReactiveRequestContext) context);
        }
    }

    private static void stream(
            byte[] first, RecordsWriter writer, ServerHttpResponse response, ResteasyReactiveRequestContext context) {
        context.suspend();
        response.setChunked(true);
        write(first, writer, response, context);
    }

    private static void write(
            byte[] piece, RecordsWriter writer, ServerHttpResponse response, ResteasyReactiveRequestContext context) {
        response.write(piece).whenComplete((written, failure) -> {
            if (failure != null) {
                context.resume(failure);
            } else if (writer.hasNext()) {
                write(writer.next(PIECE), writer, response, context);
            } else {
                response.end();
                context.resume();
            }
        });
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
            out.write(writer.next(PIECE));
        }
    }
}
