/** The HTTP API on port 8080. */
@NullMarked
@OpenAPIDefinition(
        info = @Info(title = "Trunkline", version = ""),
        components =
                @Components(
                        responses =
                                @APIResponse(
                                        name = "Failure",
                                        description = "A failure.",
                                        content = @Content(
                                                mediaType = MediaTypes.CONTROL,
                                                schema = @Schema(implementation = ErrorView.class))),
                        requestBodies =
                                @RequestBody(
                                        name = "Records",
                                        required = true,
                                        content = {
                                            @Content(
                                                    mediaType = MediaTypes.JSON,
                                                    schema = @Schema(implementation = ApiSchemas.ProducerRecordList.class)),
                                            @Content(
                                                    mediaType = MediaTypes.BINARY,
                                                    schema = @Schema(implementation = ApiSchemas.ProducerRecordList.class)),
                                            @Content(
                                                    mediaType = MediaTypes.TEXT,
                                                    schema = @Schema(implementation = ApiSchemas.ProducerRecordList.class))
                                        })))
package io.trunkline.rest;

import org.eclipse.microprofile.openapi.annotations.Components;
import org.eclipse.microprofile.openapi.annotations.OpenAPIDefinition;
import org.eclipse.microprofile.openapi.annotations.info.Info;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.jspecify.annotations.NullMarked;
