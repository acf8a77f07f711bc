package io.trunkline.rest;

import io.smallrye.mutiny.Uni;
import io.trunkline.edge.ConsoleConfig;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.security.SecurityRequirements;
import org.jspecify.annotations.Nullable;

/** What answers here. */
@Path("/")
class InfoResource {
    private final Answers answers;
    private final boolean console;
    private final String version;

    InfoResource(
            Answers answers,
            ConsoleConfig console,
            @ConfigProperty(name = "quarkus.application.version") String version) {
        this.answers = answers;
        this.console = console.enabled();
        this.version = version;
    }

    @GET
    @SecurityRequirements
    @Operation(
            operationId = "info",
            summary = "Tells what answers here, and its version.",
            description =
                    "A client that prefers text/html, as a browser does, is sent to the console, where there is one.")
    @APIResponse(
            responseCode = "200",
            description = "What answers here.",
            content =
                    @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = InfoView.class)))
    @APIResponse(responseCode = "303", description = "The console is at /console/.")
    public Uni<Response> info(
            @Parameter(
                            description = "name, for a field beyond the bridge's contract.",
                            schema = @Schema(type = SchemaType.STRING, enumeration = "name"))
                    @QueryParam(Include.PARAMETER)
                    @Nullable
                    String include,
            @Context RoutingContext context) {
        if (console && MediaTypes.prefersHtml(context.request())) {
            return Uni.createFrom()
                    .item(Response.status(Response.Status.SEE_OTHER)
                            .header(HttpHeaders.LOCATION, BaseUri.basePath(context.request()) + "/console/")
                            .header(HttpHeaders.VARY, HttpHeaders.ACCEPT)
                            .build());
        }
        // The bridge answers in this type too: it says nothing of what the client wants.
        Set<Include> included =
                include == null ? Set.of() : Include.of(include, MediaType.APPLICATION_JSON, Set.of(Include.NAME));
        return Uni.createFrom()
                .item(answers.ok(
                        MediaType.APPLICATION_JSON,
                        new InfoView(version, included.contains(Include.NAME) ? "Trunkline" : null)));
    }
}
