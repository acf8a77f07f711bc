package io.trunkline.chart;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyEgressRule;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The migration Job has what the pods of the service have, before there are any, and ends before Helm gives up. */
class ChartMigrationTest {
    private static final long HELM_TIMEOUT = 300;
    private static final String HOOK = "helm.sh/hook";
    private static final String WEIGHT = "helm.sh/hook-weight";

    @ParameterizedTest
    @ValueSource(strings = {Chart.MINIMAL, Chart.EVERYTHING, Chart.CLUSTER})
    void jobHasWhatThePodsHave(String values) {
        Manifests manifests = Chart.render(values, """
                extraEnv: [{name: TZ, value: UTC}]
                extraEnvFrom: [{secretRef: {name: more}}]
                extraVolumes: [{name: more, configMap: {name: more}}]
                extraVolumeMounts: [{name: more, mountPath: /more}]
                podLabels: {sidecar: "false"}
                """);
        Job job = manifests.only(Job.class);
        PodSpec pod = job.getSpec().getTemplate().getSpec();
        Container container = pod.getContainers().getFirst();
        Deployment deployment = manifests.only(Deployment.class);
        Container service = manifests.container();

        assertThat(container.getEnv())
                .containsAll(service.getEnv().stream()
                        .filter(variable -> !variable.getName().equals("JDK_JAVA_OPTIONS"))
                        .toList());
        assertThat(container.getEnvFrom()).hasSameSizeAs(service.getEnvFrom());
        assertThat(container.getEnvFrom().getLast())
                .isEqualTo(service.getEnvFrom().getLast());
        assertThat(manifests
                        .named(
                                ConfigMap.class,
                                container
                                        .getEnvFrom()
                                        .getFirst()
                                        .getConfigMapRef()
                                        .getName())
                        .getData())
                .isEqualTo(manifests.named(ConfigMap.class, "trunkline").getData());
        assertThat(container.getVolumeMounts())
                .containsAll(service.getVolumeMounts())
                .extracting(VolumeMount::getName)
                .contains("access", "kubernetes-api");
        assertThat(pod.getVolumes())
                .containsAll(deployment.getSpec().getTemplate().getSpec().getVolumes())
                .extracting(Volume::getName)
                .contains("access", "kubernetes-api");
        assertThat(deployment.toString()).doesNotContain("kubernetes-api", "serviceAccountToken", "ACCESS_FILE");
        assertThat(job.getSpec().getTemplate().getMetadata().getLabels()).containsEntry("sidecar", "false");
        assertThat(manifests
                        .named(ServiceAccount.class, pod.getServiceAccountName())
                        .getAutomountServiceAccountToken())
                .isFalse();
    }

    @Test
    void whatTheJobNeedsIsThereBeforeIt() {
        Manifests manifests = Chart.minimal("networkPolicy: {enabled: true}");
        Job job = manifests.only(Job.class);

        assertThat(Stream.of(
                                manifests.named(ConfigMap.class, "trunkline-migration"),
                                manifests.named(ConfigMap.class, "trunkline-access"),
                                manifests.named(ServiceAccount.class, "trunkline-migration"),
                                manifests.named(NetworkPolicy.class, "trunkline-migration"))
                        .map(resource -> resource.getMetadata()))
                .hasSize(4)
                .allSatisfy(metadata -> {
                    assertThat(metadata.getAnnotations())
                            .containsEntry(
                                    HOOK, job.getMetadata().getAnnotations().get(HOOK));
                    assertThat(weight(metadata)).isLessThan(weight(job.getMetadata()));
                });
        assertThat(Stream.of(
                        manifests.only(Rbac.Role.class).metadata(),
                        manifests.only(Rbac.RoleBinding.class).metadata()))
                .allSatisfy(metadata -> {
                    assertThat(metadata.getAnnotations())
                            .containsEntry(
                                    HOOK, job.getMetadata().getAnnotations().get(HOOK));
                    assertThat(weight(metadata)).isLessThan(weight(job.getMetadata()));
                });
    }

    @Test
    void networkPolicyOfTheJobLetsItOutOnly() {
        Manifests manifests = Chart.minimal("networkPolicy: {enabled: true, database: {to: [{podSelector: {}}]}}");
        NetworkPolicy policy = manifests.named(NetworkPolicy.class, "trunkline-migration");
        Map<String, String> selector = policy.getSpec().getPodSelector().getMatchLabels();

        assertThat(manifests.pods().stream()
                        .filter(pod -> pod.getMetadata().getLabels().entrySet().containsAll(selector.entrySet()))
                        .map(pod -> pod.getSpec().getContainers().getFirst().getName()))
                .containsExactly("migration");
        assertThat(policy.getSpec().getPolicyTypes()).containsExactly("Ingress", "Egress");
        assertThat(policy.getSpec().getIngress()).isEmpty();
        assertThat(policy.getSpec().getEgress())
                .startsWith(manifests
                        .named(NetworkPolicy.class, "trunkline")
                        .getSpec()
                        .getEgress()
                        .toArray(NetworkPolicyEgressRule[]::new))
                .last()
                .satisfies(rule -> assertThat(rule.getPorts())
                        .extracting(port -> port.getPort().getIntVal())
                        .containsExactly(443, 6443));
        assertThat(Chart.minimal("networkPolicy: {enabled: true}\naccess: {adminToken: {create: false}}")
                        .named(NetworkPolicy.class, "trunkline-migration")
                        .getSpec()
                        .getEgress())
                .hasSize(2);
        assertThat(Chart.minimal().all(NetworkPolicy.class)).isEmpty();
    }

    @Test
    void jobEndsBeforeHelmGivesUpAndAtOnceWhereAnotherAttemptChangesNothing() {
        Job job = Chart.minimal().only(Job.class);

        assertThat(job.getSpec().getActiveDeadlineSeconds()).isLessThan(HELM_TIMEOUT);
        assertThat(job.getSpec().getTemplate().getSpec().getRestartPolicy()).isEqualTo("Never");
        assertThat(job.getSpec().getPodFailurePolicy().getRules())
                .filteredOn(rule -> rule.getAction().equals("FailJob"))
                .singleElement()
                .satisfies(rule -> {
                    assertThat(rule.getOnExitCodes().getContainerName())
                            .isEqualTo(job.getSpec()
                                    .getTemplate()
                                    .getSpec()
                                    .getContainers()
                                    .getFirst()
                                    .getName());
                    assertThat(rule.getOnExitCodes().getValues()).containsExactly(78);
                });
    }

    @Test
    void jobOfAClusterOfItsOwnGoesOnUntilTheRolesAreThere() {
        assertThat(Chart.render(Chart.CLUSTER)
                        .only(Job.class)
                        .getSpec()
                        .getPodFailurePolicy()
                        .getRules())
                .noneMatch(rule -> rule.getAction().equals("FailJob"));
    }

    @Test
    void jobOfAClusterOfItsOwnIsAnotherOneForAnotherImageDatabaseOrConfiguration() {
        String name = jobName("");

        assertThat(name).hasSizeLessThanOrEqualTo(63);
        assertThat(jobName("commonLabels: {}")).isEqualTo(name);
        assertThat(Stream.of(
                        jobName("image: {tag: '1.2'}"),
                        jobName("cloudNativePG: {database: other}"),
                        jobName("config: {trunkline.database.migration-timeout: 30s}"),
                        jobName("extraEnv: [{name: TZ, value: UTC}]")))
                .doesNotContain(name)
                .doesNotHaveDuplicates();
        assertThat(jobName("replicaCount: 3")).isEqualTo(name);
    }

    private static String jobName(String values) {
        return Chart.render(Chart.CLUSTER, values).only(Job.class).getMetadata().getName();
    }

    private static int weight(ObjectMeta metadata) {
        return Integer.parseInt(metadata.getAnnotations().getOrDefault(WEIGHT, ""));
    }
}
