package io.trunkline.chart;

import static org.assertj.core.api.Assertions.assertThat;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for the chart whatever is switched on. */
class ChartTest {
    private static final Pattern KEY = Pattern.compile("^\\| `((?:trunkline|quarkus)\\.[^`]+)` \\|", Pattern.MULTILINE);

    @Test
    void lintHasNothingToSay() {
        LintResult lint = new Helm(Chart.DIRECTORY).lint().strict().call();

        assertThat(lint.isFailed()).as("%s", lint.getMessages()).isFalse();
        assertThat(lint.getMessages()).noneMatch(message -> message.contains("[WARNING]"));
    }

    @Test
    void minimalInstallationHasWhatTheServiceNeedsAndNothingMore() {
        assertThat(Chart.minimal().names())
                .containsExactlyInAnyOrder(
                        "PodDisruptionBudget/trunkline",
                        "ServiceAccount/trunkline",
                        "ConfigMap/trunkline",
                        "Service/trunkline",
                        "Service/trunkline-management",
                        "Deployment/trunkline",
                        "ConfigMap/trunkline-migration",
                        "ConfigMap/trunkline-access",
                        "ServiceAccount/trunkline-migration",
                        "Role/trunkline-migration",
                        "RoleBinding/trunkline-migration",
                        "Job/trunkline-migration",
                        "Pod/trunkline-test");
    }

    @Test
    void deploymentHasTwoReplicasAndReplacesThemOneByOne() {
        Deployment deployment = Chart.minimal().only(Deployment.class);

        assertThat(deployment.getSpec().getReplicas()).isEqualTo(2);
        assertThat(deployment
                        .getSpec()
                        .getStrategy()
                        .getRollingUpdate()
                        .getMaxUnavailable()
                        .getIntVal())
                .isZero();
        assertThat(deployment
                        .getSpec()
                        .getStrategy()
                        .getRollingUpdate()
                        .getMaxSurge()
                        .getIntVal())
                .isEqualTo(1);
    }

    @Test
    void probesAskTheManagementPort() {
        Container container = Chart.minimal().container();

        assertThat(container.getStartupProbe().getHttpGet().getPath()).isEqualTo("/q/health/started");
        assertThat(container.getLivenessProbe().getHttpGet().getPath()).isEqualTo("/q/health/live");
        assertThat(container.getReadinessProbe().getHttpGet().getPath()).isEqualTo("/q/health/ready");
        assertThat(Stream.of(container.getStartupProbe(), container.getLivenessProbe(), container.getReadinessProbe()))
                .allSatisfy(probe ->
                        assertThat(probe.getHttpGet().getPort().getStrVal()).isEqualTo("management"));
    }

    @Test
    void memoryIsLimitedAndCpuIsNot() {
        Container container = Chart.minimal().container();

        assertThat(container.getResources().getRequests()).containsOnlyKeys("cpu", "memory");
        assertThat(container.getResources().getLimits()).containsOnlyKeys("memory");
    }

    @ParameterizedTest
    @ValueSource(strings = {Chart.MINIMAL, Chart.EVERYTHING, Chart.CLUSTER})
    void everyPodIsRestricted(String values) {
        assertThat(Chart.render(values).podSpecs())
                .hasSizeGreaterThanOrEqualTo(3)
                .allSatisfy(pod -> assertThat(RestrictedPods.violations(pod)).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {Chart.MINIMAL, Chart.EVERYTHING, Chart.CLUSTER})
    void everythingHasTheStandardLabels(String values) {
        assertThat(Chart.render(values).metadata())
                .isNotEmpty()
                .allSatisfy(metadata -> assertThat(metadata.getLabels())
                        .containsEntry("app.kubernetes.io/name", "trunkline")
                        .containsEntry("app.kubernetes.io/instance", "trunkline")
                        .containsEntry("app.kubernetes.io/managed-by", "Helm")
                        .containsEntry("app.kubernetes.io/version", "0.1.0")
                        .containsEntry("helm.sh/chart", "trunkline-0.1.0")
                        .containsKey("app.kubernetes.io/component"));
    }

    @ParameterizedTest
    @ValueSource(strings = {Chart.MINIMAL, Chart.EVERYTHING, Chart.CLUSTER})
    void selectorsSelectThePodsOfTheServiceAndNoOthers(String values) {
        Manifests manifests = Chart.render(values);
        Deployment deployment = manifests.only(Deployment.class);
        Map<String, String> selector = deployment.getSpec().getSelector().getMatchLabels();

        assertThat(deployment.getSpec().getTemplate().getMetadata().getLabels()).containsAllEntriesOf(selector);
        assertThat(manifests.all(Service.class))
                .hasSize(2)
                .allSatisfy(
                        service -> assertThat(service.getSpec().getSelector()).isEqualTo(selector));
        assertThat(manifests
                        .only(PodDisruptionBudget.class)
                        .getSpec()
                        .getSelector()
                        .getMatchLabels())
                .isEqualTo(selector);
        assertThat(manifests.pods().stream()
                        .map(PodTemplateSpec::getMetadata)
                        .map(ObjectMeta::getLabels)
                        .filter(labels -> labels.entrySet().containsAll(selector.entrySet())))
                .hasSize(1);
    }

    @Test
    void servicesPointAtPortsThatExist() {
        Manifests manifests = Chart.minimal();
        Map<String, Integer> ports = manifests.container().getPorts().stream()
                .collect(Collectors.toMap(ContainerPort::getName, ContainerPort::getContainerPort));

        assertThat(ports).isEqualTo(Map.of("http", 8080, "management", 8081));
        assertThat(port(manifests, "trunkline").getPort()).isEqualTo(80);
        assertThat(port(manifests, "trunkline").getTargetPort().getStrVal()).isEqualTo("http");
        assertThat(port(manifests, "trunkline-management").getPort()).isEqualTo(8081);
        assertThat(port(manifests, "trunkline-management").getTargetPort().getStrVal())
                .isEqualTo("management");
    }

    @Test
    void managementServiceKnowsEveryPodEvenWhenItIsNotReady() {
        Service service = Chart.minimal().named(Service.class, "trunkline-management");

        assertThat(service.getSpec().getClusterIP()).isEqualTo("None");
        assertThat(service.getSpec().getPublishNotReadyAddresses()).isTrue();
    }

    @Test
    void serviceMonitorSelectsTheManagementServiceOnly() {
        Manifests manifests = Chart.minimal("metrics: {serviceMonitor: {enabled: true}}");
        Map<String, String> selector =
                manifests.only(ServiceMonitor.class).getSpec().getSelector().getMatchLabels();

        assertThat(manifests.all(Service.class).stream()
                        .map(Service::getMetadata)
                        .filter(metadata -> metadata.getLabels().entrySet().containsAll(selector.entrySet()))
                        .map(ObjectMeta::getName))
                .containsExactly("trunkline-management");
    }

    @ParameterizedTest
    @ValueSource(strings = {Chart.MINIMAL, Chart.EVERYTHING, Chart.CLUSTER})
    void ownerIsKnownToTheJobOnly(String values) {
        Manifests manifests = Chart.render(values);

        assertThat(environment(manifests.only(Job.class).getSpec().getTemplate().getSpec()))
                .contains(
                        "TRUNKLINE_DATABASE_USERNAME",
                        "TRUNKLINE_DATABASE_PASSWORD",
                        "TRUNKLINE_DATABASE_OWNER_USERNAME",
                        "TRUNKLINE_DATABASE_OWNER_PASSWORD");
        assertThat(environment(
                        manifests.only(Deployment.class).getSpec().getTemplate().getSpec()))
                .contains("TRUNKLINE_DATABASE_USERNAME", "TRUNKLINE_DATABASE_PASSWORD")
                .noneMatch(name -> name.contains("OWNER"));
        assertThat(manifests.only(Deployment.class).toString()).doesNotContain("database-owner", "postgresql-app");
    }

    @ParameterizedTest
    @ValueSource(strings = {Chart.MINIMAL, Chart.EVERYTHING, Chart.CLUSTER})
    void nothingIsEscapedByKubernetes(String values) {
        // In commands, arguments and variables Kubernetes turns $$ into $.
        assertThat(ContainerTexts.of(Chart.render(values).podSpecs()))
                .hasSizeGreaterThan(3)
                .noneMatch(text -> text.contains("$$"));
    }

    @Test
    void passwordsComeFromSecrets() {
        assertThat(Chart.minimal().podSpecs().stream()
                        .flatMap(pod -> pod.getContainers().stream())
                        .flatMap(container -> container.getEnv().stream())
                        .filter(variable -> variable.getName().matches(".*(USERNAME|PASSWORD)")))
                .hasSize(6)
                .allSatisfy(variable -> assertThat(
                                variable.getValueFrom().getSecretKeyRef().getName())
                        .isIn("trunkline-database", "trunkline-database-owner"));
    }

    @Test
    void migrationRunsBeforeTheReleaseAndNeedsNothingOfIt() {
        Job job = Chart.minimal().only(Job.class);

        assertThat(job.getMetadata().getAnnotations())
                .containsEntry("helm.sh/hook", "pre-install,pre-upgrade")
                .containsEntry("helm.sh/hook-delete-policy", "before-hook-creation,hook-succeeded")
                .containsEntry("helm.sh/hook-weight", "0");
        PodSpec pod = job.getSpec().getTemplate().getSpec();
        assertThat(pod.getContainers().getFirst().getArgs()).startsWith("migrate");
        assertThat(pod.getContainers().getFirst().getEnv()).noneMatch(ChartTest::isFromConfigMap);
        assertThat(job.getSpec().getBackoffLimit()).isPositive();
        assertThat(job.getSpec().getTtlSecondsAfterFinished()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {Chart.MINIMAL, Chart.EVERYTHING, Chart.CLUSTER})
    void migrationAndServiceHaveTheSameImageAndDatabase(String values) {
        Manifests manifests = Chart.render(values);
        Container job = manifests
                .only(Job.class)
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .getFirst();

        assertThat(job.getImage()).isEqualTo(manifests.container().getImage());
        assertThat(manifests
                        .named(
                                ConfigMap.class,
                                job.getEnvFrom().getFirst().getConfigMapRef().getName())
                        .getData())
                .isEqualTo(manifests.named(ConfigMap.class, "trunkline").getData());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{delaySeconds: 10, timeoutSeconds: 30}", "{delaySeconds: 60, timeoutSeconds: 300}"})
    void podsHaveTimeToStop(String shutdown) {
        Manifests manifests = Chart.minimal("shutdown: " + shutdown);
        Map<String, String> config =
                manifests.named(ConfigMap.class, "trunkline").getData();
        long delay = seconds(config.getOrDefault("TRUNKLINE_SHUTDOWN_DELAY", ""));
        long timeout = seconds(config.getOrDefault("TRUNKLINE_SHUTDOWN_TIMEOUT", ""));

        assertThat("shutdown: {delaySeconds: " + delay + ", timeoutSeconds: " + timeout + "}")
                .isEqualTo("shutdown: " + shutdown);
        assertThat(manifests
                        .only(Deployment.class)
                        .getSpec()
                        .getTemplate()
                        .getSpec()
                        .getTerminationGracePeriodSeconds())
                .isGreaterThan(delay + timeout + 15);
    }

    @ParameterizedTest
    @ValueSource(strings = {Chart.MINIMAL, Chart.EVERYTHING, Chart.CLUSTER})
    void everyVariableIsAConfigurationKey(String values) throws IOException {
        Manifests manifests = Chart.render(values);
        Set<String> known = configurationVariables();

        assertThat(Stream.concat(
                                manifests.podSpecs().stream().flatMap(pod -> environment(pod).stream()),
                                manifests.named(ConfigMap.class, "trunkline").getData().keySet().stream())
                        .filter(name -> name.startsWith("TRUNKLINE") || name.startsWith("QUARKUS")))
                .hasSizeGreaterThan(8)
                .isSubsetOf(known);
    }

    @Test
    void serviceAccountHasNoToken() {
        Manifests manifests = Chart.minimal();

        assertThat(manifests.all(ServiceAccount.class))
                .isNotEmpty()
                .allSatisfy(account ->
                        assertThat(account.getAutomountServiceAccountToken()).isFalse());
        assertThat(manifests
                        .only(Deployment.class)
                        .getSpec()
                        .getTemplate()
                        .getSpec()
                        .getServiceAccountName())
                .isEqualTo("trunkline");
    }

    @Test
    void namesFollowTheRelease() {
        Chart chart = Chart.at(Chart.DIRECTORY);

        assertThat(Manifests.parse(chart.template("orders", Chart.MINIMAL))
                        .only(Deployment.class)
                        .getMetadata()
                        .getName())
                .isEqualTo("orders-trunkline");
        assertThat(Manifests.parse(chart.template("orders", Chart.MINIMAL, "fullnameOverride: log"))
                        .names())
                .contains("Deployment/log", "Service/log-management", "Job/log-migration", "ConfigMap/log");
    }

    @Test
    void namesOfLongReleasesAreCut() {
        String release = "a-release-with-a-name-of-fifty-three-characters-12345";

        assertThat(Manifests.parse(Chart.at(Chart.DIRECTORY).template(release, Chart.MINIMAL))
                        .metadata())
                .allSatisfy(metadata -> assertThat(metadata.getName()).hasSizeLessThanOrEqualTo(63));
    }

    private static ServicePort port(Manifests manifests, String service) {
        return manifests.named(Service.class, service).getSpec().getPorts().getFirst();
    }

    private static List<String> environment(PodSpec pod) {
        return pod.getContainers().stream()
                .flatMap(container -> container.getEnv().stream())
                .map(EnvVar::getName)
                .toList();
    }

    private static boolean isFromConfigMap(EnvVar variable) {
        return variable.getValueFrom() != null && variable.getValueFrom().getConfigMapKeyRef() != null;
    }

    private static long seconds(String duration) {
        return Long.parseLong(duration.substring(0, duration.length() - 1));
    }

    /** The keys that docs/configuration.md has, as environment variables. */
    private static Set<String> configurationVariables() throws IOException {
        String document = Files.readString(Path.of("docs/configuration.md"))
                .replaceAll("`(quarkus\\.otel\\.traces\\.sampler\\.arg)`", "\n| `$1` |\n");
        return KEY.matcher(document)
                .results()
                .map(key -> key.group(1).replaceAll("[^A-Za-z0-9]", "_").toUpperCase(Locale.ROOT))
                .collect(Collectors.toSet());
    }
}
