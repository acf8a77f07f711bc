package io.trunkline.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** That what the other tests stand on finds what is wrong. */
class ManifestsTest {
    private static final String POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n";

    @ParameterizedTest
    @ValueSource(
            strings = {
                POD + "spec:\n  container: []\n",
                POD + "spec:\n  containers:\n    - name: a\n      securityContext:\n        runAsNotRoot: true\n",
                POD + "spec:\n  nodeName: a\n  nodeName: b\n",
                POD + "spec:\n  nodeSelector:\n    a: 1\n",
                POD + "spec:\n  nodeSelector:\n    a: true\n",
                POD + "spec:\n  priorityClassName: 1.5\n",
                POD + "spec:\n  hostNetwork: \"true\"\n",
                "apiVersion: v2\nkind: Pod\n",
                "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nspec:\n  replicas: 3\n",
            })
    void wrongManifestsAreRefused(String yaml) {
        assertThatThrownBy(() -> Manifests.parse(yaml)).isInstanceOf(RuntimeException.class);
    }

    @Test
    void podsWithoutASecurityContextAreNotRestricted() {
        assertThat(violations("spec:\n  containers: [{name: a}]\n"))
                .containsExactlyInAnyOrder(
                        "service account token",
                        "service links",
                        "a: runAsNonRoot",
                        "a: runAsUser",
                        "a: seccompProfile",
                        "a: allowPrivilegeEscalation",
                        "a: readOnlyRootFilesystem",
                        "a: capabilities",
                        "a: resources");
    }

    @Test
    void podsThatReachForTheHostAreNotRestricted() {
        assertThat(violations("""
                                spec:
                                  hostNetwork: true
                                  hostPID: true
                                  hostIPC: true
                                  securityContext: {runAsNonRoot: true, runAsUser: 0, sysctls: [{name: a, value: b}]}
                                  volumes: [{name: host, hostPath: {path: /}}]
                                  containers:
                                    - name: a
                                      ports: [{containerPort: 80, hostPort: 80}]
                                      securityContext:
                                        privileged: true
                                        capabilities: {drop: [ALL], add: [SYS_ADMIN]}
                                """))
                .contains(
                        "hostNetwork",
                        "hostPID",
                        "hostIPC",
                        "sysctls",
                        "volume host",
                        "a: runAsUser",
                        "a: privileged",
                        "a: capabilities",
                        "a: hostPort")
                .doesNotContain("a: runAsNonRoot");
    }

    private static List<String> violations(String spec) {
        return RestrictedPods.violations(Manifests.parse(POD + spec).podSpecs().getFirst());
    }
}
