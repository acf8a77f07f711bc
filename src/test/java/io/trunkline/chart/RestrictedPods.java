package io.trunkline.chart;

import io.fabric8.kubernetes.api.model.Capabilities;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.SeccompProfile;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The {@code restricted} Pod Security Standard, and what is asked of our pods beyond it. */
final class RestrictedPods {
    private final PodSpec pod;
    private final Optional<PodSecurityContext> context;
    private final List<String> violations = new ArrayList<>();

    private RestrictedPods(PodSpec pod) {
        this.pod = pod;
        this.context = Optional.ofNullable(pod.getSecurityContext());
    }

    /** What is wrong with a pod. */
    static List<String> violations(PodSpec pod) {
        RestrictedPods check = new RestrictedPods(pod);
        check.checkPod();
        Stream.concat(pod.getInitContainers().stream(), pod.getContainers().stream())
                .forEach(check::checkContainer);
        return check.violations;
    }

    private void checkPod() {
        require("hostNetwork", !Boolean.TRUE.equals(pod.getHostNetwork()));
        require("hostPID", !Boolean.TRUE.equals(pod.getHostPID()));
        require("hostIPC", !Boolean.TRUE.equals(pod.getHostIPC()));
        require("sysctls", context.map(c -> c.getSysctls().isEmpty()).orElse(true));
        pod.getVolumes().forEach(volume -> require("volume " + volume.getName(), isAllowed(volume)));
        require("service account token", Boolean.FALSE.equals(pod.getAutomountServiceAccountToken()));
        require("service links", Boolean.FALSE.equals(pod.getEnableServiceLinks()));
    }

    private void checkContainer(Container container) {
        String name = container.getName() + ": ";
        Optional<SecurityContext> own = Optional.ofNullable(container.getSecurityContext());
        require(
                name + "runAsNonRoot",
                either(own, SecurityContext::getRunAsNonRoot, PodSecurityContext::getRunAsNonRoot)
                        .orElse(false));
        require(
                name + "runAsUser",
                either(own, SecurityContext::getRunAsUser, PodSecurityContext::getRunAsUser)
                        .filter(user -> user > 0)
                        .isPresent());
        require(
                name + "seccompProfile",
                either(own, SecurityContext::getSeccompProfile, PodSecurityContext::getSeccompProfile)
                        .map(SeccompProfile::getType)
                        .filter("RuntimeDefault"::equals)
                        .isPresent());
        require(
                name + "allowPrivilegeEscalation",
                own.filter(c -> Boolean.FALSE.equals(c.getAllowPrivilegeEscalation()))
                        .isPresent());
        require(
                name + "privileged",
                own.filter(c -> Boolean.TRUE.equals(c.getPrivileged())).isEmpty());
        require(
                name + "readOnlyRootFilesystem",
                own.filter(c -> Boolean.TRUE.equals(c.getReadOnlyRootFilesystem()))
                        .isPresent());
        require(
                name + "capabilities",
                own.map(SecurityContext::getCapabilities)
                        .filter(RestrictedPods::areDropped)
                        .isPresent());
        require(name + "hostPort", container.getPorts().stream().allMatch(port -> port.getHostPort() == null));
        require(
                name + "resources",
                Optional.ofNullable(container.getResources())
                        .filter(resources -> resources.getRequests().keySet().containsAll(List.of("cpu", "memory")))
                        .filter(resources -> resources.getLimits().containsKey("memory"))
                        .isPresent());
    }

    private <T> Optional<T> either(
            Optional<SecurityContext> own,
            Function<SecurityContext, @Nullable T> ofContainer,
            Function<PodSecurityContext, @Nullable T> ofPod) {
        return own.flatMap(c -> Optional.ofNullable(ofContainer.apply(c)))
                .or(() -> context.flatMap(c -> Optional.ofNullable(ofPod.apply(c))));
    }

    private static boolean areDropped(Capabilities capabilities) {
        return capabilities.getDrop().equals(List.of("ALL"))
                && capabilities.getAdd().isEmpty();
    }

    private static boolean isAllowed(Volume volume) {
        return volume.getHostPath() == null
                && Stream.of(
                                volume.getEmptyDir(),
                                volume.getSecret(),
                                volume.getConfigMap(),
                                volume.getProjected(),
                                volume.getDownwardAPI(),
                                volume.getCsi(),
                                volume.getEphemeral(),
                                volume.getPersistentVolumeClaim())
                        .anyMatch(source -> source != null);
    }

    private void require(String what, boolean holds) {
        if (!holds) {
            violations.add(what);
        }
    }
}
