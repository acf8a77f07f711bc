package io.trunkline.rest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;

/** Control answers, in the type that the client accepts. */
@ApplicationScoped
class Answers {
    private final ObjectMapper mapper;

    Answers(ObjectMapper mapper) {
        this.mapper = mapper;
    }

    /** 200 with a view. */
    Response ok(HttpHeaders headers, Object view) {
        return with(headers, Response.Status.OK, view);
    }

    /** A status with a view. */
    Response with(HttpHeaders headers, Response.Status status, Object view) {
        try {
            return Response.status(status)
                    .type(MediaTypes.control(headers.getAcceptableMediaTypes()))
                    .entity(mapper.writeValueAsBytes(view))
                    .build();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    static Response noContent() {
        return Response.noContent().build();
    }
}
