package io.trunkline.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Secrets of Kubernetes in the namespace of the pod, with the rights of its service account: to get one, and to create it. */
final class KubernetesSecrets implements AutoCloseable {
    /** Where a pod finds its token, its namespace and the certificate authority of the API server. */
    private static final Path ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int OK = 200;
    private static final int CREATED = 201;
    private static final int NOT_FOUND = 404;
    private static final int CONFLICT = 409;
    private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?");
    private static final JsonMapper MAPPER = new JsonMapper();

    private final HttpClient client;
    private final URI secrets;
    private final String token;

    /** @param server the address of the API server */
    KubernetesSecrets(HttpClient client, URI server, String namespace, String token) {
        this.client = client;
        this.secrets = server.resolve("/api/v1/namespaces/" + namespace + "/secrets");
        this.token = token;
    }

    /** A Secret: its data, and when it was created. */
    record Secret(Map<String, String> data, Instant created) {
        Secret {
            data = Map.copyOf(data);
        }
    }

    /**
     * Those of the pod that this runs in.
     *
     * @throws CommandException if this is no pod, or one without a token of its service account
     */
    static KubernetesSecrets ofThisPod(Map<String, String> environment) {
        String host = environment.getOrDefault("KUBERNETES_SERVICE_HOST", "");
        String port = environment.getOrDefault("KUBERNETES_SERVICE_PORT", "443");
        if (host.isEmpty() || !Files.exists(ACCOUNT.resolve("token"))) {
            throw new CommandException("A Secret can only be written by a pod with a token of its service account in "
                    + ACCOUNT + ": this is none.");
        }
        try {
            HttpClient client = HttpClient.newBuilder()
                    .connectTimeout(PATIENCE)
                    .sslContext(trusting(ACCOUNT.resolve("ca.crt")))
                    .build();
            URI server = URI.create("https://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port);
            return new KubernetesSecrets(
                    client,
                    server,
                    Files.readString(ACCOUNT.resolve("namespace")).strip(),
                    Files.readString(ACCOUNT.resolve("token")).strip());
        } catch (IOException | GeneralSecurityException e) {
            throw new CommandException("The service account in " + ACCOUNT + " cannot be used: " + e.getMessage(), e);
        }
    }

    private static SSLContext trusting(Path authorities) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream in = Files.newInputStream(authorities)) {
            int number = 0;
            for (Certificate authority : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("authority-" + number++, authority);
            }
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    Optional<Secret> get(String name) {
        HttpResponse<String> response = send(
                HttpRequest.newBuilder(URI.create(secrets + "/" + legal(name))).GET());
        return switch (response.statusCode()) {
            case OK -> Optional.of(secret(response.body()));
            case NOT_FOUND -> Optional.empty();
            default -> throw refused("get", name, response);
        };
    }

    /** Answers whether it was created: there may be one of this name by now. */
    boolean create(String name, Map<String, String> data) {
        ObjectNode secret = MAPPER.createObjectNode()
                .put("apiVersion", "v1")
                .put("kind", "Secret")
                .put("type", "Opaque");
        secret.putObject("metadata")
                .put("name", legal(name))
                .putObject("labels")
                .put("app.kubernetes.io/managed-by", "trunkline");
        ObjectNode values = secret.putObject("stringData");
        data.forEach(values::put);
        HttpResponse<String> response = send(HttpRequest.newBuilder(secrets)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(secret.toString())));
        return switch (response.statusCode()) {
            case OK, CREATED -> true;
            case CONFLICT -> false;
            default -> throw refused("create", name, response);
        };
    }

    private HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return client.send(
                    request.timeout(PATIENCE)
                            .header("Accept", "application/json")
                            .header("Authorization", "Bearer " + token)
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new CommandException(
                    "The API server of Kubernetes cannot be reached at " + secrets.getAuthority() + ": " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted", e);
        }
    }

    private static Secret secret(String body) {
        try {
            JsonNode json = MAPPER.readTree(body);
            Map<String, String> data = new HashMap<>();
            for (Map.Entry<String, JsonNode> entry : json.path("data").properties()) {
                data.put(
                        entry.getKey(),
                        new String(Base64.getDecoder().decode(entry.getValue().asText()), StandardCharsets.UTF_8));
            }
            return new Secret(
                    data,
                    Instant.parse(
                            json.path("metadata").path("creationTimestamp").asText()));
        } catch (IOException | RuntimeException e) {
            // Without its text, which has the secret.
            throw new CommandException("The API server of Kubernetes answered what is no Secret.");
        }
    }

    private static CommandException refused(String what, String name, HttpResponse<String> response) {
        return new CommandException(
                "The API server of Kubernetes refused to " + what + " the Secret " + name + ": status "
                        + response.statusCode()
                        + ". The service account of the pod needs the right to create Secrets and to get"
                        + " this one.");
    }

    private static String legal(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new UsageException(
                    "The name of a Secret has 1 to 253 characters of a-z, 0-9, '.' and '-', but not " + name + ".");
        }
        return name;
    }

    @Override
    public void close() {
        client.close();
    }
}
