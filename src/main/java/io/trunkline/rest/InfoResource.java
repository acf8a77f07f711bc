package io.trunkline.rest;

import io.smallrye.mutiny.Uni;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;

/** What answers here. */
@Path("/")
class InfoResource {
    private final Answers answers;
    private final String version;

    InfoResource(Answers answers, @ConfigProperty(name = "quarkus.application.version") String version) {
        this.answers = answers;
        this.version = version;
    }

    @GET
    @Operation(operationId = "info", summary = "Tells what answers here, and its version.")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = InfoView.class)))
    public Uni<Response> info() {
        return Uni.createFrom().item(answers.ok(MediaType.APPLICATION_JSON, new InfoView(version, "Trunkline")));
    }
}
