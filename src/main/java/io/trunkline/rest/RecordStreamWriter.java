package io.trunkline.rest;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.ext.Provider;
import java.io.OutputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import org.jboss.resteasy.reactive.server.core.ResteasyReactiveRequestContext;
import org.jboss.resteasy.reactive.server.spi.ResteasyReactiveResourceInfo;
import org.jboss.resteasy.reactive.server.spi.ServerMessageBodyWriter;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;

/** Lets a stream write its response, and the request wait for its end. */
@Provider
public class RecordStreamWriter implements ServerMessageBodyWriter<RecordStream> {
    @Override
    public boolean isWriteable(
            Class<?> type, Type genericType, ResteasyReactiveResourceInfo target, MediaType mediaType) {
        return type == RecordStream.class;
    }

    @Override
    public boolean isWriteable(Class<?> type, Type genericType, Annotation[] annotations, MediaType mediaType) {
        return type == RecordStream.class;
    }

    @Override
    public void writeResponse(RecordStream stream, Type genericType, ServerRequestContext context) {
        ResteasyReactiveRequestContext request = (ResteasyReactiveRequestContext) context;
        if (request.serverRequest().getRequestMethod().equals(HttpMethod.HEAD.name())) {
            stream.gone();
            context.serverResponse().end();
            return;
        }
        request.suspend();
        stream.over().thenRun(request::resume);
        stream.start(Vertx.currentContext());
    }

    /** The way of blocking writers, which have no end to wait for. */
    @Override
    public void writeTo(
            RecordStream stream,
            Class<?> type,
            Type genericType,
            Annotation[] annotations,
            MediaType mediaType,
            MultivaluedMap<String, Object> headers,
            OutputStream out) {
        throw new UnsupportedOperationException("a stream is written by its event loop");
    }
}
