package io.trunkline.rest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.core.Response;

/** Control answers, in the type that the client accepts. */
@ApplicationScoped
class Answers {
    private final ObjectMapper mapper;

    Answers(ObjectMapper mapper) {
        this.mapper = mapper;
    }

    /** 200 with a view, in the type that {@link MediaTypes#control} chose before the work was done. */
    Response ok(String type, Object view) {
        return with(type, Response.Status.OK, view);
    }

    Response with(String type, Response.Status status, Object view) {
        try {
            return Response.status(status)
                    .type(type)
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
