package io.trunkline.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong values are refused, with a message that names them. */
class ValuesSchemaTest {
    static Stream<Arguments> wrongValues() {
        return Stream.of(
                Arguments.of("replicaCount: 0", "/replicaCount"),
                Arguments.of("replicaCount: two", "/replicaCount"),
                Arguments.of("replicas: 2", "replicas"),
                Arguments.of("image: {pullPolicy: Sometimes}", "/image/pullPolicy"),
                Arguments.of("image: {digest: sha256:abc}", "/image/digest"),
                Arguments.of("database: {url: 'postgresql://host/name'}", "/database/url"),
                Arguments.of("database: {password: secret}", "password"),
                Arguments.of("database: {maxConnections: 4}", "/database/maxConnections"),
                Arguments.of("database: {schema: Events}", "/database/schema"),
                Arguments.of("database: {schema: public}", "/database/schema"),
                Arguments.of("database: {schema: pg_events}", "/database/schema"),
                Arguments.of("database: {existingSecret: Not_A_Name}", "/database/existingSecret"),
                Arguments.of("migration: {backoffLimit: -1}", "/migration/backoffLimit"),
                Arguments.of("jvmOptions: ['-Xmx1g -Xms1g']", "/jvmOptions/0"),
                Arguments.of(
                        "metrics: {prometheusRule: {rules: {TrunklineDown: {expr: up}}}}",
                        "/metrics/prometheusRule/rules/TrunklineDown"),
                Arguments.of("config: {topics.auto-create: true}", "topics.auto-create"),
                Arguments.of("config: {TRUNKLINE_TOPICS_AUTO_CREATE: true}", "TRUNKLINE_TOPICS_AUTO_CREATE"),
                Arguments.of("config: {trunkline.database.password: a}", "trunkline.database.password"),
                Arguments.of("config: {trunkline.database.owner.password: a}", "trunkline.database.owner.password"),
                Arguments.of("config: {quarkus.datasource.password: a}", "quarkus.datasource.password"),
                Arguments.of("config: {trunkline.database.url: a}", "trunkline.database.url"),
                Arguments.of("config: {trunkline.database.schema: a}", "trunkline.database.schema"),
                Arguments.of("config: {quarkus.http.port: 9090}", "quarkus.http.port"),
                Arguments.of("config: {trunkline.topics.auto-create: [a]}", "trunkline.topics.auto-create"),
                Arguments.of("extraEnv: [{value: a}]", "/extraEnv/0"),
                Arguments.of("shutdown: {delaySeconds: 1.5}", "/shutdown/delaySeconds"),
                Arguments.of("shutdown: {timeoutSeconds: 30s}", "/shutdown/timeoutSeconds"),
                Arguments.of("tracing: {sampleRatio: 2}", "/tracing/sampleRatio"),
                Arguments.of("tracing: {endpoint: 'collector:4317'}", "/tracing/endpoint"),
                Arguments.of("resources: {limit: {memory: 1Gi}}", "limit"),
                Arguments.of("resources: {limits: {memory: 1GB}}", "/resources/limits/memory"),
                Arguments.of("service: {type: ExternalName}", "/service/type"),
                Arguments.of("service: {port: 0}", "/service/port"),
                Arguments.of("ingress: {hosts: [log.example.com]}", "/ingress/hosts/0"),
                Arguments.of("ingress: {hosts: [{host: a, paths: [{path: a}]}]}", "/ingress/hosts/0/paths/0/path"),
                Arguments.of("httpRoute: {parentRefs: [{}]}", "/httpRoute/parentRefs/0"),
                Arguments.of("autoscaling: {maxReplicas: 1000}", "/autoscaling/maxReplicas"),
                Arguments.of("podDisruptionBudget: {maxUnavailable: 0}", "/podDisruptionBudget/maxUnavailable"),
                Arguments.of("metrics: {serviceMonitor: {interval: 30}}", "/metrics/serviceMonitor/interval"),
                Arguments.of("podLabels: {a: 'b c'}", "/podLabels/a"),
                Arguments.of("cloudNativePG: {storage: {size: large}}", "/cloudNativePG/storage/size"),
                Arguments.of(
                        "cloudNativePG: {parameters: {max_connections: 200}}",
                        "/cloudNativePG/parameters/max_connections"),
                Arguments.of("cloudNativePG: {parameters: {fsync: 'off'}}", "/cloudNativePG/parameters/fsync"));
    }

    @ParameterizedTest
    @MethodSource("wrongValues")
    void wrongValueIsNamed(String values, String name) {
        assertThatThrownBy(() -> Chart.minimal(values))
                .hasMessageContaining("values don't meet the specifications of the schema")
                .hasMessageContaining(name);
    }

    static Stream<Arguments> whatIsMissing() {
        return Stream.of(
                Arguments.of("database: {url: ''}", "database.url is missing"),
                Arguments.of("database: {existingSecret: ''}", "database.existingSecret is missing"),
                Arguments.of("migration: {existingSecret: ''}", "migration.existingSecret is missing"),
                Arguments.of("image: {repository: ''}", "image.repository is missing"),
                Arguments.of("tracing: {enabled: true}", "tracing.endpoint is missing"),
                Arguments.of("ingress: {enabled: true}", "ingress.hosts is empty"),
                Arguments.of("httpRoute: {enabled: true}", "httpRoute.parentRefs is empty"));
    }

    static Stream<Arguments> contradictions() {
        return Stream.of(
                Arguments.of("cloudNativePG: {enabled: true}", "database.url and cloudNativePG.enabled exclude"),
                Arguments.of(
                        "database: {url: 'jdbc:postgresql://host/name?user=a&password=b'}",
                        "database.url holds credentials"),
                Arguments.of("database: {url: 'jdbc:postgresql://a:b@host/name'}", "database.url holds credentials"),
                Arguments.of(
                        "metrics: {prometheusRule: {enabled: true, rules: {TrunklineUp: {enabled: false}}}}",
                        "rules.TrunklineUp: there is no alert of this name"),
                Arguments.of(
                        "metrics: {prometheusRule: {enabled: true, rules: {TrunklineDown: {threshold: 2}}}}",
                        "rules.TrunklineDown.threshold: this alert has no threshold"),
                Arguments.of("autoscaling: {enabled: true, minReplicas: 7}", "autoscaling.minReplicas is greater"));
    }

    @ParameterizedTest
    @MethodSource({"whatIsMissing", "contradictions"})
    void whatIsMissingAndWhatContradictsIsTold(String values, String message) {
        assertThatThrownBy(() -> Chart.minimal(values)).hasMessageContaining(message);
    }

    @Test
    void clusterMustAllowTheConnectionsOfAllReplicas() {
        assertThatThrownBy(() -> Chart.render(Chart.CLUSTER, "replicaCount: 8"))
                .hasMessageContaining("cloudNativePG.parameters.max_connections is 200")
                .hasMessageContaining("set it to 397 or more");
        assertThat(Chart.render(Chart.CLUSTER, "replicaCount: 8\ncloudNativePG: {parameters: {max_connections: '397'}}")
                        .all(CloudNativePgCluster.class))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "database: {url: 'jdbc:postgresql://one:5432,two:5432/trunkline?targetServerType=primary'}",
                "config: {'quarkus.log.category.\"io.trunkline\".level': DEBUG}",
                "config: {trunkline.consumer.session-timeout: 5m, trunkline.consumer.threads: 8}",
                "resources: {limits: {memory: 1.5Gi, cpu: 2}}",
                "podSecurityContext: {runAsUser: null, runAsGroup: null, fsGroup: null}",
                "strategy: {type: Recreate, rollingUpdate: null}",
                "global: {region: north}",
                "enabled: true",
                "replicaCount: null"
            })
    void rightValuesAreTaken(String values) {
        assertThat(Chart.minimal(values).names()).contains("Deployment/trunkline");
    }
}
