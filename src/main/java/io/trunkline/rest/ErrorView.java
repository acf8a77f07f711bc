package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.json.JsonBuffer;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** How every failure looks; with the HTTP status as its error code, and a code of a closed and stable list. */
@RegisterForReflection
@Schema(name = "Error", description = "How every failure looks.")
record ErrorView(
        @JsonProperty("error_code") @Schema(description = "The HTTP status.")
        int errorCode,

        @Schema(description = "What happened and what to do.")
        String message,

        @Schema(description = "Which failure it is.") ErrorCode code,

        @JsonProperty("validation_errors") @JsonInclude(JsonInclude.Include.NON_EMPTY)
        List<String> validationErrors) {

    static ErrorView of(TrunklineException failure) {
        return new ErrorView(ErrorStatus.of(failure.code()), failure.userMessage(), failure.code(), failure.details());
    }

    /** The view as JSON, for where no resource is at hand. */
    byte[] toJson() {
        JsonBuffer json = new JsonBuffer(256)
                .ascii("{\"error_code\":")
                .number(errorCode)
                .ascii(",\"message\":")
                .string(message)
                .ascii(",\"code\":\"")
                .ascii(code.name())
                .ascii("\"");
        if (!validationErrors.isEmpty()) {
            json.ascii(",\"validation_errors\":[");
            for (int i = 0; i < validationErrors.size(); i++) {
                json.ascii(i == 0 ? "" : ",").string(validationErrors.get(i));
            }
            json.ascii("]");
        }
        return json.ascii("}").toBytes();
    }
}
