package io.trunkline.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyEgressRule;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may use what the chart installs. */
class ChartAccessTest {
    @Test
    void credentialsAreRequiredUnlessSomebodySaysOtherwise() {
        assertThat(config(Chart.minimal()))
                .containsEntry("TRUNKLINE_ACCESS_MODE", "required")
                .containsEntry("QUARKUS_HTTP_HOST", "0.0.0.0")
                .containsEntry("QUARKUS_MANAGEMENT_HOST", "0.0.0.0")
                .doesNotContainKeys("TRUNKLINE_ACCESS_METRICS", "TRUNKLINE_ACCESS_OIDC_ISSUER");
        assertThat(config(Chart.minimal("access: {mode: none}"))).containsEntry("TRUNKLINE_ACCESS_MODE", "none");
    }

    @ParameterizedTest
    @ValueSource(strings = {Chart.MINIMAL, Chart.CLUSTER})
    void jobCreatesTheFirstTokenInASecretAndHasNoOtherRight(String values) {
        Manifests manifests = Chart.render(values);
        Rbac.Role role = manifests.only(Rbac.Role.class);
        Rbac.RoleBinding binding = manifests.only(Rbac.RoleBinding.class);

        assertThat(job(manifests).getContainers().getFirst().getArgs())
                .containsExactly("migrate", "--admin-token-secret", "trunkline-admin-token");
        assertThat(role.rules())
                .containsExactly(
                        new Rbac.Rule(List.of(""), List.of("secrets"), null, List.of("create")),
                        new Rbac.Rule(
                                List.of(""), List.of("secrets"), List.of("trunkline-admin-token"), List.of("get")));
        assertThat(binding.roleRef().name()).isEqualTo(role.metadata().getName());
        assertThat(binding.subjects())
                .containsExactly(
                        new Rbac.Subject("ServiceAccount", job(manifests).getServiceAccountName(), "events"));
        assertThat(manifests.pods().stream()
                        .map(pod -> pod.getSpec().getServiceAccountName())
                        .filter(name -> name.equals("trunkline-migration")))
                .as("the pods that have this account")
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "access: {mode: none}",
                "access: {adminToken: {create: false}}",
                "serviceAccount: {create: false}",
                "migration: {enabled: false}"
            })
    void noRightIsGivenWhereNoTokenIsCreated(String values) {
        Manifests manifests = Chart.minimal(values);

        assertThat(manifests.all(Rbac.Role.class)).isEmpty();
        assertThat(manifests.all(Rbac.RoleBinding.class)).isEmpty();
        assertThat(manifests.all(Job.class))
                .allSatisfy(job -> assertThat(job.toString()).doesNotContain("kubernetes-api", "admin-token"));
    }

    @Test
    void rolesAndRulesAreInTheFileThatTheJobApplies() throws IOException {
        Manifests manifests = Chart.minimal("""
                access:
                  principals:
                    - {name: alice, roles: [admin]}
                  rules:
                    - {role: auditor, rights: read, topics: ["*"]}
                    - {principal: billing, rights: [use], groups: billing-*}
                """);
        JsonNode file = Manifests.YAML.readTree(
                manifests.named(ConfigMap.class, "trunkline-access").getData().get("access.yaml"));
        PodSpec job = job(manifests);

        assertThat(file.at("/principals/0/name").asText()).isEqualTo("alice");
        assertThat(file.at("/rules/0/topics/0").asText()).isEqualTo("*");
        assertThat(file.at("/rules/1/groups").asText()).isEqualTo("billing-*");
        assertThat(job.getContainers().getFirst().getEnv())
                .contains(new EnvVar("TRUNKLINE_ACCESS_FILE", "/etc/trunkline/access/access.yaml", null));
        assertThat(job.getVolumes())
                .filteredOn(volume -> volume.getName().equals("access"))
                .singleElement()
                .satisfies(volume -> assertThat(volume.getConfigMap().getName()).isEqualTo("trunkline-access"));
    }

    @Test
    void emptyFileTakesBackWhatAnEarlierOneGave() throws IOException {
        JsonNode file = Manifests.YAML.readTree(Chart.minimal()
                .named(ConfigMap.class, "trunkline-access")
                .getData()
                .get("access.yaml"));

        assertThat(file.path("principals")).isEmpty();
        assertThat(file.path("rules")).isEmpty();
    }

    @Test
    void prometheusShowsATokenWhereMetricsNeedOne() {
        Manifests manifests = Chart.minimal("""
                access: {metrics: credentials}
                metrics: {serviceMonitor: {enabled: true, tokenSecret: {name: prometheus}}}
                """);

        assertThat(config(manifests)).containsEntry("TRUNKLINE_ACCESS_METRICS", "credentials");
        assertThat(manifests.only(ServiceMonitor.class).getSpec().getEndpoints())
                .singleElement()
                .satisfies(endpoint -> {
                    assertThat(endpoint.getAuthorization().getCredentials().getName())
                            .isEqualTo("prometheus");
                    assertThat(endpoint.getAuthorization().getCredentials().getKey())
                            .isEqualTo("token");
                });
        assertThatThrownBy(() ->
                        Chart.minimal("access: {metrics: credentials}\nmetrics: {serviceMonitor: {enabled: true}}"))
                .hasMessageContaining("metrics.serviceMonitor.tokenSecret.name is missing");
    }

    @Test
    void providerOfTokensIsConfigured() {
        assertThat(config(Chart.minimal("""
                access:
                  oidc:
                    issuer: https://id.example.com/realms/events
                    audience: trunkline
                    rolesClaims: [groups, realm_access/roles]
                """)))
                .containsEntry("TRUNKLINE_ACCESS_OIDC_ISSUER", "https://id.example.com/realms/events")
                .containsEntry("TRUNKLINE_ACCESS_OIDC_AUDIENCE", "trunkline")
                .containsEntry("TRUNKLINE_ACCESS_OIDC_PRINCIPAL_CLAIM", "sub")
                .containsEntry("TRUNKLINE_ACCESS_OIDC_ROLES_CLAIMS", "groups,realm_access/roles")
                .doesNotContainKey("TRUNKLINE_ACCESS_OIDC_SERVER_URL");
        assertThatThrownBy(() -> Chart.minimal("access: {oidc: {issuer: 'https://id.example.com'}}"))
                .hasMessageContaining("access.oidc.audience is missing");
    }

    @Test
    void testPodShowsTheFirstToken() {
        Container required = test(Chart.minimal());
        Container other = test(Chart.minimal("tests: {tokenSecret: {name: mine, key: t}}"));
        Container none = test(Chart.minimal("access: {mode: none}"));

        assertThat(secretOf(required)).isEqualTo("trunkline-admin-token/token");
        assertThat(secretOf(other)).isEqualTo("mine/t");
        assertThat(none.getEnv()).extracting(EnvVar::getName).doesNotContain("TOKEN");
        assertThat(required.getArgs().getFirst()).contains("${TOKEN:+--oauth2-bearer \"$TOKEN\"}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "access: {adminToken: {create: false}}",
                "access: {principals: [{name: alice, roles: [reader, admin]}]}",
                "access: {principals: [{name: bob, roles: reader}, {name: alice, roles: admin}]}",
                "serviceAccount: {create: false}",
                "migration: {enabled: false}"
            })
    void testPodNamesNoSecretThatNobodyCreates(String values) {
        assertThat(Chart.minimal(values).all(Pod.class)).isEmpty();
        assertThat(secretOf(test(Chart.minimal(values, "tests: {tokenSecret: {name: mine}}"))))
                .isEqualTo("mine/token");
        assertThat(Chart.minimal(values, "access: {mode: none}").all(Pod.class)).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "https://id.example.com/realms/events,'',443",
        "https://id.example.com:8443/realms/events:1,'',8443",
        "https://kubernetes.example.com,'',443",
        "http://[2001:db8::1],'',80",
        "https://id.example.com,https://[2001:db8::1]:9443/,9443",
        "https://kubernetes.default.svc.cluster.local,'',443 6443",
        "https://oidc.eks.example.com/id,https://kubernetes.default.svc,443 6443",
        "https://kubernetes.default.svc:6443,'',6443"
    })
    void podsReachTheProviderOfTokens(String issuer, String server, String ports) {
        assertThat(providerRules("""
                access: {oidc: {issuer: '%s', serverUrl: '%s', audience: trunkline}}
                """.formatted(issuer, server))).singleElement().satisfies(rule -> {
            assertThat(rule.getPorts())
                    .extracting(port -> String.valueOf(port.getPort().getIntVal()))
                    .containsExactly(ports.split(" "));
            assertThat(rule.getTo()).isEmpty();
        });
    }

    @Test
    void kubernetesAsTheProviderIsReachedWhereTheValuesSay() {
        String to = "networkPolicy: {kubernetesApi: {to: [{ipBlock: {cidr: 10.0.0.1/32}}]}}";

        assertThat(providerRules(to, "access: {oidc: {issuer: 'https://kubernetes.default.svc', audience: a}}"))
                .singleElement()
                .satisfies(rule -> assertThat(rule.getTo()).hasSize(1));
        assertThat(providerRules(to, "access: {oidc: {issuer: 'https://id.example.com', audience: a}}"))
                .singleElement()
                .satisfies(rule -> assertThat(rule.getTo()).isEmpty());
    }

    @Test
    void providerIsNotReachedWhereItsKeysAreInAFile() {
        assertThat(providerRules("""
                access: {oidc: {issuer: 'https://id.example.com', audience: trunkline}}
                config: {trunkline.access.oidc.jwks-file: /etc/keys/jwks.json}
                """)).isEmpty();
    }

    /** The egress rules of the service beside those for names and for PostgreSQL. */
    private static List<NetworkPolicyEgressRule> providerRules(String... values) {
        String[] all = Stream.concat(Stream.of("networkPolicy: {enabled: true}"), Stream.of(values))
                .toArray(String[]::new);
        return Chart.minimal(all).named(NetworkPolicy.class, "trunkline").getSpec().getEgress().stream()
                .skip(2)
                .toList();
    }

    private static String secretOf(Container container) {
        return container.getEnv().stream()
                .filter(variable -> variable.getName().equals("TOKEN"))
                .map(variable -> variable.getValueFrom().getSecretKeyRef())
                .map(reference -> reference.getName() + "/" + reference.getKey())
                .findFirst()
                .orElse("");
    }

    private static Container test(Manifests manifests) {
        return manifests.only(Pod.class).getSpec().getContainers().getFirst();
    }

    private static PodSpec job(Manifests manifests) {
        return manifests.only(Job.class).getSpec().getTemplate().getSpec();
    }

    private static Map<String, String> config(Manifests manifests) {
        return manifests.named(ConfigMap.class, "trunkline").getData();
    }
}
