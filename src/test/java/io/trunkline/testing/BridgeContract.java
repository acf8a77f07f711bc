package io.trunkline.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The OpenAPI document of the Strimzi Kafka Bridge, and whether responses are what it says. Where the document leaves an
 * object open, it is closed here: clients that were generated from it may refuse fields that they do not know. Where no
 * response can be what it says, those of the bridge included, it is corrected.
 */
public final class BridgeContract {
    private static final String FILE = "/contract/strimzi-kafka-bridge-1.0.0-openapi.json";
    private static final JsonSchemaFactory SCHEMAS = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private final ObjectNode document;

    private BridgeContract(ObjectNode document) {
        this.document = document;
    }

    /** The document as it is in its file. */
    public static BridgeContract published() {
        try (InputStream file = Objects.requireNonNull(BridgeContract.class.getResourceAsStream(FILE))) {
            return new BridgeContract((ObjectNode) MAPPER.readTree(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The document with every object closed, and with what contradicts itself put right. */
    public static BridgeContract closed() {
        BridgeContract contract = published();
        ObjectNode schemas = contract.schemas();
        schemas.forEach(schema -> {
            if (schema.has("properties") && !schema.has("additionalProperties")) {
                ((ObjectNode) schema).put("additionalProperties", false);
            }
        });
        // The schema is an object with a list, the example a list, which is what the bridge sends.
        ((ObjectNode) schemas.at("/SubscribedTopicList/properties"))
                .set("topics", schemas.at("/Topics/properties/topics"));
        // The bridge sends null for a record without a key.
        ((ArrayNode) schemas.at("/RecordKey/oneOf")).addObject().put("type", "null");
        // The bridge answers so to async=true.
        for (String path : List.of("~1topics~1{topicname}", "~1topics~1{topicname}~1partitions~1{partitionid}")) {
            ((ObjectNode) contract.document.at("/paths/" + path + "/post/responses"))
                    .putObject("204")
                    .put("description", "Accepted.");
        }
        // The document itself is an object and no string.
        for (String path : List.of("~1openapi", "~1openapi~1v3")) {
            ((ObjectNode) contract.document.at(
                            "/paths/" + path + "/get/responses/200/content/application~1json/schema"))
                    .put("type", "object");
        }
        return contract;
    }

    /** The operations, such as {@code GET /topics/{topicname}}. */
    public Set<String> operations() {
        Set<String> operations = new TreeSet<>();
        document.path("paths")
                .properties()
                .forEach(path -> path.getValue().fieldNames().forEachRemaining(method -> {
                    if (!method.equals("parameters")) {
                        operations.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey());
                    }
                }));
        return operations;
    }

    /** The operation that a request is to. */
    public Optional<String> operation(String method, String path) {
        return operations().stream()
                .filter(operation -> operation.startsWith(method + " "))
                .filter(operation ->
                        fits(operation.substring(method.length() + 1).split("/", -1), path.split("/", -1)))
                .findFirst();
    }

    /**
     * What is wrong with a response; empty when nothing is.
     *
     * @param operation one of {@link #operations}
     */
    public List<String> errorsOf(String operation, int status, String contentType, byte[] body) {
        String method = operation.substring(0, operation.indexOf(' '));
        String path = operation.substring(method.length() + 1);
        JsonNode responses = document.path("paths")
                .path(path)
                .path(method.toLowerCase(Locale.ROOT))
                .path("responses");
        JsonNode response = responses.path(Integer.toString(status));
        List<String> errors = new ArrayList<>();
        if (status >= 400 && status != 500) {
            errorsOfError(status, contentType, body, errors);
        } else if (response.isMissingNode()) {
            errors.add("the contract knows no status " + status);
        } else if (!response.has("content")) {
            // Nothing is said of the body of 201 and of the health checks, and 204 has none.
            if (status == 204 && body.length > 0) {
                errors.add("204 has a body");
            }
        } else {
            JsonNode content = response.path("content").path(contentType);
            if (content.isMissingNode()) {
                errors.add("the contract knows no " + contentType);
            } else if (contentType.endsWith("json")) {
                errors.addAll(errorsOf(content.path("schema"), json(body)));
            }
        }
        return errors;
    }

    /** All failures have one shape, also those that the contract does not list. */
    private void errorsOfError(int status, String contentType, byte[] body, List<String> errors) {
        if (!contentType.equals(Api.CONTROL)) {
            errors.add("a failure is " + contentType);
            return;
        }
        JsonNode error = json(body);
        if (error.path("error_code").asInt() != status) {
            errors.add("the status is " + status);
        }
        // The one field that every failure has beyond the contract, which leaves failures open.
        if (!((ObjectNode) error).remove("code").isTextual()) {
            errors.add("code is no text");
        }
        errors.addAll(errorsOf(schema("Error"), error));
    }

    /** What of a schema's own example does not fit it. */
    public List<String> errorsOfExample(String schema) {
        return errorsOf(schema(schema), schemas().path(schema).path("example"));
    }

    /** The message in the example of a failure. */
    public String message(String operation, int status) {
        String method = operation.substring(0, operation.indexOf(' '));
        return document.path("paths")
                .path(operation.substring(method.length() + 1))
                .path(method.toLowerCase(Locale.ROOT))
                .path("responses")
                .path(Integer.toString(status))
                .path("content")
                .path(Api.CONTROL)
                .at("/examples/response/value/message")
                .asText();
    }

    private ObjectNode schemas() {
        return (ObjectNode) document.at("/components/schemas");
    }

    private static ObjectNode schema(String name) {
        return MAPPER.createObjectNode().put("$ref", "#/components/schemas/" + name);
    }

    private List<String> errorsOf(JsonNode schema, JsonNode value) {
        ObjectNode root = MAPPER.createObjectNode();
        root.putArray("allOf").add(schema);
        root.set("components", document.path("components"));
        return SCHEMAS.getSchema(root).validate(value).stream()
                .map(ValidationMessage::getMessage)
                .toList();
    }

    private static JsonNode json(byte[] body) {
        try {
            return MAPPER.readTree(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean fits(String[] template, String[] path) {
        if (template.length != path.length) {
            return false;
        }
        for (int i = 0; i < path.length; i++) {
            if (!template[i].startsWith("{") && !template[i].equals(path[i])) {
                return false;
            }
        }
        return true;
    }
}
