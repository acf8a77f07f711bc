package io.trunkline.rest;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.quarkus.smallrye.openapi.runtime.OpenApiConstants;
import io.quarkus.smallrye.openapi.runtime.OpenApiDocumentService;
import io.smallrye.openapi.runtime.io.Format;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The OpenAPI document under the paths that clients of the bridge know, as JSON. Its base path is the one that proxies tell
 * of.
 */
@ApplicationScoped
class OpenApiRoutes {
    private static final String DOCUMENT = "/q/openapi?format=json";
    private static final String VERSION = "openapi";

    private final OpenApiDocumentService documents;
    private final ObjectMapper mapper;
    /** The document without its version and servers, and without the brace that opens it. */
    private volatile byte @Nullable [] rest;

    private volatile String version = "";

    OpenApiRoutes(OpenApiDocumentService documents, ObjectMapper mapper) {
        this.documents = documents;
        this.mapper = mapper;
    }

    void register(@Observes Router router) {
        router.get("/openapi").handler(this::answer);
        router.get("/openapi/v3").handler(this::answer);
    }

    private void answer(RoutingContext context) {
        String basePath = BaseUri.basePath(context.request());
        if (basePath.isEmpty()) {
            context.reroute(DOCUMENT);
            return;
        }
        byte[] document = rest();
        // Nothing in a path that is told needs escaping.
        String head = "{\"openapi\":\"" + version + "\",\"servers\":[{\"url\":\"" + basePath + "\"}],";
        context.response()
                .putHeader("Content-Type", "application/json;charset=UTF-8")
                .end(Buffer.buffer(head.getBytes(StandardCharsets.US_ASCII)).appendBytes(document));
    }

    private byte[] rest() {
        byte[] known = rest;
        if (known != null) {
            return known;
        }
        try {
            ObjectNode document = (ObjectNode)
                    mapper.readTree(documents.getDocument(OpenApiConstants.DEFAULT_DOCUMENT_NAME, Format.JSON));
            version = document.path(VERSION).asText();
            document.remove(VERSION);
            document.remove("servers");
            byte[] whole = mapper.writeValueAsBytes(document);
            byte[] tail = new byte[whole.length - 1];
            System.arraycopy(whole, 1, tail, 0, tail.length);
            rest = tail;
            return tail;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
