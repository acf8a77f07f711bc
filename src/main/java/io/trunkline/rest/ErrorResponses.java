package io.trunkline.rest;

import io.quarkus.smallrye.openapi.OpenApiFilter;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.responses.APIResponse;

/**
 * Completes the OpenAPI document while the application is built: a response whose description begins with an error code has
 * the body that all errors have.
 */
@OpenApiFilter(stages = OpenApiFilter.RunStage.BUILD)
public class ErrorResponses implements OASFilter {
    private static final Pattern CODE = Pattern.compile("[A-Z]+_[A-Z_]+\\b.*");

    @Override
    public APIResponse filterAPIResponse(APIResponse response) {
        String description = response.getDescription();
        if (response.getContent() == null
                && description != null
                && CODE.matcher(description).matches()) {
            response.setContent(OASFactory.createContent()
                    .addMediaType(
                            MediaTypes.CONTROL,
                            OASFactory.createMediaType()
                                    .schema(OASFactory.createSchema().ref("Error"))));
        }
        return response;
    }
}
