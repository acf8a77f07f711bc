package io.trunkline.chart;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** As much of the API of Kubernetes as Helm asks for when it renders a chart beside a cluster; it changes nothing. */
final class KubernetesApi implements AutoCloseable {
    private static final Map<String, Map<String, String>> RESOURCES = Map.of(
            "v1",
                    Map.of(
                            "configmaps", "ConfigMap",
                            "services", "Service",
                            "serviceaccounts", "ServiceAccount",
                            "secrets", "Secret",
                            "pods", "Pod"),
            "apps/v1", Map.of("deployments", "Deployment"),
            "batch/v1", Map.of("jobs", "Job"),
            "policy/v1", Map.of("poddisruptionbudgets", "PodDisruptionBudget"),
            "autoscaling/v2", Map.of("horizontalpodautoscalers", "HorizontalPodAutoscaler"));
    private static final String NOT_FOUND =
            "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"NotFound\",\"code\":404}";

    private final HttpServer server;
    private final Map<String, String> objects;

    /** With these objects, as JSON, by their path. */
    KubernetesApi(Map<String, String> objects) throws IOException {
        this.objects = Map.copyOf(objects);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    /** How Helm gets here. */
    String kubeConfig() {
        return """
                apiVersion: v1
                kind: Config
                clusters: [{name: test, cluster: {server: "http://127.0.0.1:%d"}}]
                contexts: [{name: test, context: {cluster: test, user: test, namespace: events}}]
                users: [{name: test, user: {}}]
                current-context: test
                """.formatted(server.getAddress().getPort());
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String body = switch (path) {
            case "/version" -> "{\"major\":\"1\",\"minor\":\"31\",\"gitVersion\":\"v1.31.0\"}";
            case "/api" -> "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}";
            case "/apis" -> groups();
            default -> path.endsWith("/secrets") ? list() : resourcesOrObject(path);
        };
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(body.equals(NOT_FOUND) ? 404 : 200, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private String resourcesOrObject(String path) {
        return RESOURCES.entrySet().stream()
                .filter(group -> path.equals((group.getKey().equals("v1") ? "/api/" : "/apis/") + group.getKey()))
                .map(group -> resources(group.getKey(), group.getValue()))
                .findFirst()
                .orElse(objects.getOrDefault(path, NOT_FOUND));
    }

    private static String groups() {
        Stream<String> versions = RESOURCES.keySet().stream().filter(version -> version.contains("/"));
        return "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":["
                + versions.map(KubernetesApi::group).collect(Collectors.joining(",")) + "]}";
    }

    private static String group(String version) {
        String described = "{\"groupVersion\":\"%s\",\"version\":\"%s\"}"
                .formatted(version, version.substring(version.indexOf('/') + 1));
        return "{\"name\":\"%s\",\"versions\":[%s],\"preferredVersion\":%s}"
                .formatted(version.substring(0, version.indexOf('/')), described, described);
    }

    private static String resources(String version, Map<String, String> kinds) {
        return "{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"%s\",\"resources\":[%s]}"
                .formatted(
                        version,
                        kinds.entrySet().stream()
                                .map(kind -> ("{\"name\":\"%s\",\"singularName\":\"\",\"namespaced\":true,"
                                                + "\"kind\":\"%s\",\"verbs\":[\"get\",\"list\",\"create\"]}")
                                        .formatted(kind.getKey(), kind.getValue()))
                                .collect(Collectors.joining(",")));
    }

    private static String list() {
        return "{\"kind\":\"SecretList\",\"apiVersion\":\"v1\",\"items\":[]}";
    }
}
