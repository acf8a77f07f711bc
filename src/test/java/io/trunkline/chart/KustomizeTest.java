package io.trunkline.chart;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The manifests for kustomize are those of the chart. */
class KustomizeTest {
    private static final Path ROOT = Path.of("k8s");
    private static final String VERIFIED = "?sslmode=verify-full&sslrootcert=/etc/trunkline/postgresql/ca.crt";
    private static final String POLICY = """
            database: {sslRootCert: {existingSecret: trunkline-postgresql-ca}}
            networkPolicy:
              enabled: true
              management:
                from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
            """;

    @ParameterizedTest
    @ValueSource(strings = {"base", "overlays/dev", "overlays/production"})
    void everythingNamedIsThereAndEverythingThereIsNamed(String name) throws IOException {
        Path directory = ROOT.resolve(name);
        Kustomization kustomization = kustomization(directory);
        List<String> named = Stream.concat(
                        orEmpty(kustomization.resources()).stream(),
                        orEmpty(kustomization.patches()).stream().map(Kustomization.Patch::path))
                .toList();

        assertThat(named)
                .doesNotHaveDuplicates()
                .allSatisfy(path -> assertThat(directory.resolve(path)).exists());
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .filteredOn(file -> !file.equals("kustomization.yaml"))
                    .isSubsetOf(named);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"overlays/dev", "overlays/production"})
    void overlaysChangeWhatTheBaseHas(String name) throws IOException {
        Kustomization overlay = kustomization(ROOT.resolve(name));
        Container container = base().container();

        assertThat(orEmpty(overlay.resources())).contains("../../base");
        assertThat(orEmpty(overlay.replicas()))
                .allMatch(replicas -> replicas.name().equals("trunkline"));
        assertThat(orEmpty(overlay.images()))
                .allSatisfy(image -> assertThat(container.getImage()).startsWith(image.name() + ":"));
        assertThat(orEmpty(overlay.configMapGenerator())).allSatisfy(generator -> {
            assertThat(generator.name()).isEqualTo("trunkline");
            assertThat(generator.behavior()).isEqualTo("merge");
            assertThat(literals(generator).keySet()).isSubsetOf(config().keySet());
        });
        for (Kustomization.Patch patch : orEmpty(overlay.patches())) {
            Deployment patched =
                    manifests(ROOT.resolve(name).resolve(patch.path())).only(Deployment.class);
            assertThat(patched.getMetadata().getName()).isEqualTo("trunkline");
            assertThat(patched.getSpec().getTemplate().getSpec().getContainers())
                    .extracting(Container::getName)
                    .containsExactly(container.getName());
        }
    }

    @Test
    void baseHasTheResourcesOfTheChart() throws IOException {
        assertThat(base().names())
                .containsExactlyInAnyOrderElementsOf(chart().names().stream()
                        .filter(name -> !name.equals("Pod/trunkline-test"))
                        // Which kustomize generates, for the service and the Job.
                        .filter(name -> !name.matches("ConfigMap/trunkline(-migration)?"))
                        .toList());
        assertThat(orEmpty(kustomization(ROOT.resolve("base")).configMapGenerator()))
                .singleElement()
                .satisfies(generator -> {
                    assertThat(generator.name()).isEqualTo("trunkline");
                    assertThat(Objects.requireNonNull(generator.options()).labels())
                            .isEqualTo(labels(
                                    chart().named(ConfigMap.class, "trunkline").getMetadata()));
                });
    }

    @Test
    void configIsThatOfTheChart() throws IOException {
        Map<String, String> config = new TreeMap<>(config());
        Map<String, String> chart =
                new TreeMap<>(chart().named(ConfigMap.class, "trunkline").getData());
        config.remove("TRUNKLINE_DATABASE_URL");
        chart.remove("TRUNKLINE_DATABASE_URL");

        assertThat(config).isEqualTo(chart);
        assertThat(config())
                .hasEntrySatisfying(
                        "TRUNKLINE_DATABASE_URL",
                        url -> assertThat(url)
                                .isEqualTo("jdbc:postgresql://trunkline-postgresql:5432/trunkline" + VERIFIED));
    }

    @Test
    void deploymentIsThatOfTheChart() throws IOException {
        Deployment ours = base().only(Deployment.class);
        Deployment chart = chart().only(Deployment.class);
        chart.getSpec().getTemplate().getMetadata().setAnnotations(Map.of());

        assertSameLabels(ours, chart);
        assertThat(ours.getSpec()).isEqualTo(chart.getSpec());
    }

    @Test
    void jobIsThatOfTheChartWithConfigOfTheService() throws IOException {
        Job ours = base().only(Job.class);
        Job chart = chart().only(Job.class);
        PodSpec pod = chart.getSpec().getTemplate().getSpec();
        pod.getContainers().getFirst().getEnvFrom().getFirst().getConfigMapRef().setName("trunkline");

        assertSameLabels(ours, chart);
        assertThat(ours.getSpec()).isEqualTo(chart.getSpec());
    }

    @Test
    void servicesAndPoliciesAreThoseOfTheChart() throws IOException {
        Manifests base = base();
        Manifests chart = chart();

        for (String name : List.of("trunkline", "trunkline-management")) {
            assertSameLabels(base.named(Service.class, name), chart.named(Service.class, name));
            assertThat(base.named(Service.class, name).getSpec())
                    .isEqualTo(chart.named(Service.class, name).getSpec());
        }
        for (String name : List.of("trunkline", "trunkline-migration")) {
            assertSameLabels(base.named(NetworkPolicy.class, name), chart.named(NetworkPolicy.class, name));
            assertThat(base.named(NetworkPolicy.class, name).getSpec())
                    .isEqualTo(chart.named(NetworkPolicy.class, name).getSpec());
        }
        assertSameLabels(base.only(PodDisruptionBudget.class), chart.only(PodDisruptionBudget.class));
        assertThat(base.only(PodDisruptionBudget.class).getSpec())
                .isEqualTo(chart.only(PodDisruptionBudget.class).getSpec());
        for (String name : List.of("trunkline", "trunkline-migration")) {
            assertSameLabels(base.named(ServiceAccount.class, name), chart.named(ServiceAccount.class, name));
            assertThat(base.named(ServiceAccount.class, name).getAutomountServiceAccountToken())
                    .isFalse();
        }
    }

    @Test
    void rightsOfTheMigrationAreThoseOfTheChart() throws IOException {
        Rbac.RoleBinding ours = base().only(Rbac.RoleBinding.class);
        Rbac.RoleBinding chart = chart().only(Rbac.RoleBinding.class);

        assertThat(base().only(Rbac.Role.class).rules())
                .isEqualTo(chart().only(Rbac.Role.class).rules());
        assertThat(ours.roleRef()).isEqualTo(chart.roleRef());
        assertThat(ours.subjects()).extracting(Rbac.Subject::name).containsExactly("trunkline-migration");
        assertThat(base().named(ConfigMap.class, "trunkline-access").getData().keySet())
                .isEqualTo(chart().named(ConfigMap.class, "trunkline-access")
                        .getData()
                        .keySet());
    }

    @Test
    void productionVerifiesPostgresql() throws IOException {
        assertThat(orEmpty(kustomization(ROOT.resolve("overlays/production")).configMapGenerator()))
                .singleElement()
                .satisfies(generator -> assertThat(literals(generator).get("TRUNKLINE_DATABASE_URL"))
                        .endsWith(VERIFIED));
    }

    @Test
    void serviceMonitorOfProductionIsThatOfTheChart() throws IOException {
        ServiceMonitor ours = manifests(ROOT.resolve("overlays/production/servicemonitor.yaml"))
                .only(ServiceMonitor.class);
        ServiceMonitor chart =
                Chart.minimal("metrics: {serviceMonitor: {enabled: true}}").only(ServiceMonitor.class);

        assertSameLabels(ours, chart);
        assertThat(ours.getSpec()).isEqualTo(chart.getSpec());
    }

    @Test
    void nothingIsEscapedByKubernetes() throws IOException {
        assertThat(ContainerTexts.of(base().podSpecs())).isNotEmpty().noneMatch(text -> text.contains("$$"));
    }

    @Test
    void podsAreRestricted() throws IOException {
        assertThat(Stream.concat(base().podSpecs().stream(), postgresql().podSpecs().stream()))
                .hasSize(3)
                .allSatisfy(pod -> assertThat(RestrictedPods.violations(pod)).isEmpty());
    }

    @Test
    void productionHasThreeReplicasAndMoreMemory() throws IOException {
        Deployment patch =
                manifests(ROOT.resolve("overlays/production/deployment.yaml")).only(Deployment.class);
        Container container =
                patch.getSpec().getTemplate().getSpec().getContainers().getFirst();

        assertThat(patch.getSpec().getReplicas()).isEqualTo(3);
        assertThat(container.getResources().getRequests()).containsOnlyKeys("cpu", "memory");
        assertThat(container.getResources().getLimits()).containsOnlyKeys("memory");
        assertThat(container.getEnv())
                .isEqualTo(Chart.minimal("resources: {limits: {memory: 2Gi}}").container().getEnv().stream()
                        .filter(variable -> variable.getName().equals("JDK_JAVA_OPTIONS"))
                        .toList());
        assertThat(kustomization(ROOT.resolve("overlays/production")).secretGenerator())
                .isNull();
    }

    @Test
    void developmentHasAPostgresqlAndItsPasswords() throws IOException {
        Kustomization dev = kustomization(ROOT.resolve("overlays/dev"));
        Manifests postgresql = postgresql();
        Deployment deployment = postgresql.only(Deployment.class);
        PodSpec pod = deployment.getSpec().getTemplate().getSpec();

        assertThat(pod.getContainers().getFirst().getImage()).isEqualTo("postgres:18");
        assertThat(pod.getVolumes()).allMatch(volume -> volume.getEmptyDir() != null);
        assertThat(literals(orEmpty(dev.configMapGenerator()).getFirst()).get("TRUNKLINE_DATABASE_URL"))
                .contains("//" + postgresql.only(Service.class).getMetadata().getName() + ":5432/");
        assertThat(postgresql.only(Service.class).getSpec().getSelector())
                .isEqualTo(deployment.getSpec().getSelector().getMatchLabels())
                .isEqualTo(deployment.getSpec().getTemplate().getMetadata().getLabels())
                .isNotEqualTo(base().named(Service.class, "trunkline").getSpec().getSelector());
        assertThat(orEmpty(dev.replicas())).containsExactly(new Kustomization.Replicas("trunkline", 1));
        assertThat(orEmpty(dev.secretGenerator()))
                .extracting(Kustomization.Generator::name)
                .containsExactly("trunkline-database", "trunkline-database-owner", "trunkline-postgresql-ca");
        assertThat(orEmpty(dev.secretGenerator()).subList(0, 2)).allSatisfy(secret -> {
            assertThat(literals(secret)).containsOnlyKeys("username", "password");
            assertThat(literals(secret).get("password")).contains("for-development-only");
        });
    }

    private static void assertSameLabels(HasMetadata ours, HasMetadata chart) {
        assertThat(ours.getMetadata().getName()).isEqualTo(chart.getMetadata().getName());
        assertThat(labels(ours.getMetadata())).isEqualTo(labels(chart.getMetadata()));
    }

    /** Without those that tell that it was Helm. */
    private static Map<String, String> labels(ObjectMeta metadata) {
        Map<String, String> labels = new TreeMap<>(metadata.getLabels());
        labels.remove("helm.sh/chart");
        labels.remove("app.kubernetes.io/managed-by");
        return labels;
    }

    private static Manifests chart() {
        return Chart.minimal(POLICY);
    }

    private static Manifests base() throws IOException {
        StringBuilder yaml = new StringBuilder();
        for (String resource : orEmpty(kustomization(ROOT.resolve("base")).resources())) {
            yaml.append(Files.readString(ROOT.resolve("base").resolve(resource)))
                    .append("---\n");
        }
        return Manifests.parse(yaml.toString());
    }

    private static Manifests postgresql() throws IOException {
        return manifests(ROOT.resolve("overlays/dev/postgresql.yaml"));
    }

    private static Manifests manifests(Path file) throws IOException {
        return Manifests.parse(Files.readString(file));
    }

    private static Kustomization kustomization(Path directory) throws IOException {
        return manifests(directory.resolve("kustomization.yaml")).only(Kustomization.class);
    }

    private static Map<String, String> config() throws IOException {
        return literals(orEmpty(kustomization(ROOT.resolve("base")).configMapGenerator())
                .getFirst());
    }

    private static Map<String, String> literals(Kustomization.Generator generator) {
        return generator.literals().stream()
                .map(literal -> literal.split("=", 2))
                .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
