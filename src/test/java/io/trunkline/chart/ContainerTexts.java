package io.trunkline.chart;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.PodSpec;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** What Kubernetes expands variables in: commands, arguments and values of the environment. */
final class ContainerTexts {
    private ContainerTexts() {}

    static List<String> of(List<PodSpec> pods) {
        return pods.stream()
                .flatMap(pod -> Stream.concat(pod.getInitContainers().stream(), pod.getContainers().stream()))
                .flatMap(ContainerTexts::of)
                .toList();
    }

    private static Stream<String> of(Container container) {
        return Stream.of(
                        container.getCommand().stream(),
                        container.getArgs().stream(),
                        container.getEnv().stream().map(EnvVar::getValue))
                .flatMap(texts -> texts)
                .filter(Objects::nonNull);
    }
}
