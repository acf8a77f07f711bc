package io.trunkline.chart;

import static org.assertj.core.api.Assertions.assertThat;

import com.marcnuri.helm.DryRun;
import com.marcnuri.helm.Helm;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where an autoscaler sets the number of replicas, the chart does not. */
class ChartScalingTest {
    private static final Pattern REPLICAS = Pattern.compile("(?m)^  replicas: (\\d+)$");
    private static final String FOUR_REPLICAS = """
            {"apiVersion": "apps/v1", "kind": "Deployment",
             "metadata": {"name": "trunkline", "namespace": "events",
                          "labels": {"app.kubernetes.io/managed-by": "Helm"},
                          "annotations": {"meta.helm.sh/release-name": "trunkline",
                                          "meta.helm.sh/release-namespace": "events"}},
             "spec": {"replicas": 4}}
            """;

    @ParameterizedTest
    @ValueSource(strings = {"autoscaling: {enabled: true}", "replicaCount: null"})
    void replicasThatRunStayWhenAnAutoscalerTakesOver(String values, @TempDir Path directory) throws IOException {
        assertThat(replicas(directory, "replicaCount: 3", FOUR_REPLICAS)).isEqualTo("3");

        assertThat(replicas(directory, values, FOUR_REPLICAS)).isEqualTo("4");
    }

    @ParameterizedTest
    @ValueSource(strings = {"autoscaling: {enabled: true}", "replicaCount: null"})
    void replicasAreLeftOutWhereThereAreNoneYet(String values) {
        assertThat(Chart.minimal(values).only(Deployment.class).getSpec().getReplicas())
                .isNull();
    }

    @Test
    void otherAutoscalersBringNoneOfTheChart() {
        Manifests manifests = Chart.minimal("{replicaCount: null, autoscaling: {minReplicas: 3, maxReplicas: 9}}");

        assertThat(manifests.all(HorizontalPodAutoscaler.class)).isEmpty();
        assertThat(manifests.all(PodDisruptionBudget.class)).hasSize(1);
    }

    /** The replicas in the Deployment that Helm renders beside a cluster that has one. */
    private static String replicas(Path directory, String values, String deployment) throws IOException {
        Map<String, String> objects = Map.of("/apis/apps/v1/namespaces/events/deployments/trunkline", deployment);
        try (KubernetesApi kubernetes = new KubernetesApi(objects)) {
            // What Helm tells after an installation is rendered beside the cluster, and nothing else is given back.
            Path notes = Chart.copy(directory.resolve("chart")).resolve("templates/NOTES.txt");
            Files.writeString(notes, "{{ include (print .Template.BasePath \"/deployment.yaml\") . }}");
            String output = new Helm(directory.resolve("chart"))
                    .install()
                    .withName("trunkline")
                    .withNamespace("events")
                    .withKubeConfigContents(kubernetes.kubeConfig())
                    .disableOpenApiValidation()
                    .dryRun()
                    .withDryRunOption(DryRun.SERVER)
                    .withValuesFile(Files.writeString(directory.resolve("minimal.yaml"), Chart.MINIMAL))
                    .withValuesFile(Files.writeString(directory.resolve("values.yaml"), values))
                    .call()
                    .getOutput();
            Matcher found = REPLICAS.matcher(output);
            assertThat(found.find()).as(output).isTrue();
            return found.group(1);
        }
    }
}
