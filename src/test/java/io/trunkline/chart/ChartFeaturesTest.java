package io.trunkline.chart;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyEgressRule;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicySpec;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.Endpoint;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What each of the values does. */
class ChartFeaturesTest {
    @Test
    void configBecomesEnvironmentVariables() {
        Manifests manifests = Chart.minimal("""
                config:
                  trunkline.topics.auto-create: true
                  trunkline.topics.default-partitions: 12
                  trunkline.log.append.max-queued-bytes: 1000000000
                  quarkus.log.category."io.trunkline".level: DEBUG
                """);

        assertThat(manifests.named(ConfigMap.class, "trunkline").getData())
                .containsEntry("TRUNKLINE_TOPICS_AUTO_CREATE", "true")
                .containsEntry("TRUNKLINE_TOPICS_DEFAULT_PARTITIONS", "12")
                .containsEntry("TRUNKLINE_LOG_APPEND_MAX_QUEUED_BYTES", "1000000000")
                .containsEntry("QUARKUS_LOG_CATEGORY__IO_TRUNKLINE__LEVEL", "DEBUG");
        assertThat(manifests
                        .container()
                        .getEnvFrom()
                        .getFirst()
                        .getConfigMapRef()
                        .getName())
                .isEqualTo("trunkline");
    }

    @Test
    void changeOfTheConfigReplacesThePods() {
        String before = checksum(Chart.minimal());

        assertThat(checksum(Chart.minimal())).isEqualTo(before);
        assertThat(checksum(Chart.minimal("config: {trunkline.topics.auto-create: true}")))
                .isNotEqualTo(before);
        assertThat(checksum(Chart.minimal("database: {maxConnections: 60}"))).isNotEqualTo(before);
    }

    @Test
    void databaseValuesReachTheService() {
        Manifests manifests = Chart.minimal("""
                database: {usernameKey: role, passwordKey: pass, schema: events, maxConnections: 60}
                migration: {usernameKey: owner, passwordKey: ownerpass}
                """);

        assertThat(manifests.named(ConfigMap.class, "trunkline").getData())
                .containsEntry("TRUNKLINE_DATABASE_SCHEMA", "events")
                .containsEntry("TRUNKLINE_DATABASE_MAX_CONNECTIONS", "60")
                .containsEntry("TRUNKLINE_DATABASE_URL", "jdbc:postgresql://postgresql:5432/trunkline");
        assertThat(secretKeys(manifests.container())).containsExactly("role", "pass");
        assertThat(secretKeys(job(manifests).getContainers().getFirst()))
                .containsExactly("role", "pass", "owner", "ownerpass");
    }

    @Test
    void certificateOfPostgresqlIsMountedForServiceAndMigration() {
        Manifests manifests = Chart.minimal("database: {sslRootCert: {existingSecret: postgresql-ca, key: root.crt}}");

        assertThat(Stream.of(pod(manifests), job(manifests))).allSatisfy(pod -> {
            Volume volume = volume(pod, "postgresql-ca");
            assertThat(volume.getSecret().getSecretName()).isEqualTo("postgresql-ca");
            assertThat(volume.getSecret().getItems()).singleElement().satisfies(item -> {
                assertThat(item.getKey()).isEqualTo("root.crt");
                assertThat(item.getPath()).isEqualTo("ca.crt");
            });
            assertThat(pod.getContainers().getFirst().getVolumeMounts())
                    .anySatisfy(mount -> assertThat(mount.getMountPath()).isEqualTo("/etc/trunkline/postgresql"));
        });
        assertThat(pod(Chart.minimal()).getVolumes())
                .extracting(Volume::getName)
                .containsExactly("tmp");
    }

    @Test
    void migrationCanBeSwitchedOff() {
        Manifests manifests = Chart.minimal("migration: {enabled: false, existingSecret: ''}");

        assertThat(manifests.all(Job.class)).isEmpty();
        assertThat(manifests.all(Deployment.class)).hasSize(1);
    }

    @Test
    void imageIsThatOfTheChartsVersionUnlessSaidOtherwise() {
        String digest = "sha256:" + "0".repeat(64);

        assertThat(Chart.minimal().container().getImage()).isEqualTo("trunkline:0.1.0");
        assertThat(Chart.minimal("image: {repository: registry.example.com/trunkline, tag: '1.2'}")
                        .container()
                        .getImage())
                .isEqualTo("registry.example.com/trunkline:1.2");
        assertThat(Chart.minimal("image: {tag: '1.2', digest: '" + digest + "', pullPolicy: Always}")
                        .container())
                .satisfies(container -> {
                    assertThat(container.getImage()).isEqualTo("trunkline@" + digest);
                    assertThat(container.getImagePullPolicy()).isEqualTo("Always");
                });
        assertThat(Chart.minimal("imagePullSecrets: [{name: registry}]").podSpecs())
                .allSatisfy(pod -> assertThat(pod.getImagePullSecrets())
                        .singleElement()
                        .satisfies(secret -> assertThat(secret.getName()).isEqualTo("registry")));
    }

    @Test
    void directMemoryIsAFifthOfTheLimitAndOwnOptionsComeAfterIt() {
        assertThat(jvmOptions("")).isEqualTo("-XX:MaxDirectMemorySize=204m");
        assertThat(jvmOptions("resources: {limits: {memory: 1.5Gi}}")).isEqualTo("-XX:MaxDirectMemorySize=307m");
        assertThat(jvmOptions("resources: {limits: {memory: 2000000000}}")).isEqualTo("-XX:MaxDirectMemorySize=381m");
        assertThat(jvmOptions("resources: {limits: {memory: 2G}}")).isEqualTo("-XX:MaxDirectMemorySize=381m");
        assertThat(jvmOptions("resources: {limits: {memory: 256Mi}}")).isEqualTo("-XX:MaxDirectMemorySize=64m");
        assertThat(jvmOptions("jvmOptions: [-XX:MaxDirectMemorySize=1g, -XX:+UseZGC]"))
                .isEqualTo("-XX:MaxDirectMemorySize=204m -XX:MaxDirectMemorySize=1g -XX:+UseZGC");
        assertThat(Chart.minimal("resources: {limits: null}").container().getEnv())
                .noneMatch(variable -> variable.getName().equals("JDK_JAVA_OPTIONS"));
        assertThat(job(Chart.minimal("jvmOptions: [-XX:+UseZGC]"))
                        .getContainers()
                        .getFirst()
                        .getEnv())
                .contains(new EnvVar("JDK_JAVA_OPTIONS", "-XX:MaxDirectMemorySize=102m -XX:+UseZGC", null));
    }

    @Test
    void tracingIsOffUntilItIsSwitchedOn() {
        assertThat(Chart.minimal().named(ConfigMap.class, "trunkline").getData().keySet())
                .noneMatch(name -> name.contains("OTEL"));
        assertThat(Chart.minimal("tracing: {enabled: true, endpoint: 'http://collector:4317', sampleRatio: 0.25}")
                        .named(ConfigMap.class, "trunkline")
                        .getData())
                .containsEntry("QUARKUS_OTEL_SDK_DISABLED", "false")
                .containsEntry("QUARKUS_OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317")
                .containsEntry("QUARKUS_OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
                .containsEntry("QUARKUS_OTEL_TRACES_SAMPLER_ARG", "0.25");
    }

    @Test
    void extrasReachThePod() {
        Manifests manifests = Chart.minimal("""
                extraEnv: [{name: TZ, value: UTC}]
                extraEnvFrom: [{secretRef: {name: more}}]
                extraVolumes: [{name: more, configMap: {name: more}}]
                extraVolumeMounts: [{name: more, mountPath: /more}]
                podAnnotations: {example.com/a: b}
                podLabels: {team: events}
                commonLabels: {cost-center: "42"}
                priorityClassName: high
                nodeSelector: {disk: fast}
                tolerations: [{key: dedicated, operator: Exists}]
                affinity: {nodeAffinity: {}}
                revisionHistoryLimit: 7
                """);
        PodTemplateSpec template = manifests.only(Deployment.class).getSpec().getTemplate();
        Container container = manifests.container();

        assertThat(container.getEnv()).extracting(EnvVar::getName).contains("TZ");
        assertThat(container.getEnvFrom().getLast().getSecretRef().getName()).isEqualTo("more");
        assertThat(container.getVolumeMounts().getLast().getMountPath()).isEqualTo("/more");
        assertThat(volume(template.getSpec(), "more").getConfigMap().getName()).isEqualTo("more");
        assertThat(template.getMetadata().getAnnotations())
                .containsEntry("example.com/a", "b")
                .containsKey("checksum/config");
        assertThat(template.getMetadata().getLabels())
                .containsEntry("team", "events")
                .containsEntry("cost-center", "42");
        assertThat(template.getSpec().getPriorityClassName()).isEqualTo("high");
        assertThat(template.getSpec().getAffinity()).isNotNull();
        assertThat(manifests.only(Deployment.class).getSpec().getRevisionHistoryLimit())
                .isEqualTo(7);
        assertThat(manifests.metadata())
                .allSatisfy(metadata -> assertThat(metadata.getLabels()).containsEntry("cost-center", "42"));
        assertThat(manifests.podSpecs()).allSatisfy(pod -> {
            assertThat(pod.getNodeSelector()).containsEntry("disk", "fast");
            assertThat(pod.getTolerations().getFirst().getKey()).isEqualTo("dedicated");
        });
    }

    @Test
    void replicasAreSpreadOverNodesAndZones() {
        assertThat(spread(Chart.minimal())).hasSize(2).allSatisfy(constraint -> {
            assertThat(constraint.getWhenUnsatisfiable()).isEqualTo("ScheduleAnyway");
            assertThat(constraint.getLabelSelector().getMatchLabels())
                    .containsEntry("app.kubernetes.io/component", "server");
        });
        assertThat(spread(Chart.minimal()))
                .extracting(TopologySpreadConstraint::getTopologyKey)
                .containsExactly("kubernetes.io/hostname", "topology.kubernetes.io/zone");
        assertThat(spread(Chart.minimal("topologySpread: {enabled: false}"))).isEmpty();
        assertThat(spread(Chart.minimal("""
                                        topologySpread:
                                          constraints:
                                            - {maxSkew: 2, topologyKey: rack, whenUnsatisfiable: DoNotSchedule}
                                        """)))
                .extracting(TopologySpreadConstraint::getTopologyKey)
                .containsExactly("rack");
    }

    @Test
    void serviceAccountMayBeThere() {
        Manifests none = Chart.minimal("serviceAccount: {create: false}");
        assertThat(none.all(ServiceAccount.class)).isEmpty();
        assertThat(none.podSpecs())
                .allSatisfy(pod -> assertThat(pod.getServiceAccountName()).isEqualTo("default"));

        Manifests own = Chart.minimal("serviceAccount: {name: events, annotations: {example.com/role: reader}}");
        assertThat(own.all(ServiceAccount.class))
                .hasSize(2)
                .allSatisfy(account ->
                        assertThat(account.getMetadata().getAnnotations()).containsEntry("example.com/role", "reader"));
        assertThat(pod(own).getServiceAccountName()).isEqualTo("events");
    }

    @Test
    void serviceCanBeALoadBalancer() {
        Manifests manifests = Chart.minimal("""
                service: {type: LoadBalancer, port: 9000, annotations: {example.com/internal: "true"}}
                managementService: {annotations: {example.com/scrape: "true"}}
                """);
        Service service = manifests.named(Service.class, "trunkline");

        assertThat(service.getSpec().getType()).isEqualTo("LoadBalancer");
        assertThat(service.getSpec().getPorts().getFirst().getPort()).isEqualTo(9000);
        assertThat(service.getMetadata().getAnnotations()).containsEntry("example.com/internal", "true");
        assertThat(manifests
                        .named(Service.class, "trunkline-management")
                        .getMetadata()
                        .getAnnotations())
                .containsEntry("example.com/scrape", "true");
        assertThat(manifests
                        .only(Pod.class)
                        .getSpec()
                        .getContainers()
                        .getFirst()
                        .getEnv()
                        .getFirst()
                        .getValue())
                .isEqualTo("http://trunkline:9000");
    }

    @Test
    void ingressLeadsToTheService() {
        Ingress ingress = Chart.minimal("""
                        ingress:
                          enabled: true
                          className: nginx
                          annotations: {nginx.ingress.kubernetes.io/proxy-read-timeout: "330"}
                          hosts:
                            - host: log.example.com
                            - host: other.example.com
                              paths: [{path: /topics, pathType: Exact}]
                          tls: [{secretName: tls, hosts: [log.example.com]}]
                        """).only(Ingress.class);

        assertThat(ingress.getMetadata().getAnnotations())
                .containsEntry("nginx.ingress.kubernetes.io/proxy-read-timeout", "330");
        assertThat(ingress.getSpec().getIngressClassName()).isEqualTo("nginx");
        assertThat(ingress.getSpec().getTls().getFirst().getSecretName()).isEqualTo("tls");
        assertThat(ingress.getSpec().getRules())
                .extracting(rule -> rule.getHost()
                        + rule.getHttp().getPaths().getFirst().getPath() + " "
                        + rule.getHttp().getPaths().getFirst().getPathType())
                .containsExactly("log.example.com/ Prefix", "other.example.com/topics Exact");
        assertThat(ingress.getSpec().getRules())
                .allSatisfy(rule -> assertThat(rule.getHttp().getPaths())
                        .singleElement()
                        .satisfies(path -> {
                            assertThat(path.getBackend().getService().getName()).isEqualTo("trunkline");
                            assertThat(path.getBackend().getService().getPort().getName())
                                    .isEqualTo("http");
                        }));
    }

    @Test
    void httpRouteLeadsToTheService() {
        HTTPRoute route = Chart.minimal("""
                        service: {port: 9000}
                        httpRoute:
                          enabled: true
                          parentRefs: [{name: gateway, namespace: ingress}]
                          hostnames: [log.example.com]
                          timeouts: {request: 330s}
                        """).only(HTTPRoute.class);

        assertThat(route.getSpec().getParentRefs().getFirst().getName()).isEqualTo("gateway");
        assertThat(route.getSpec().getHostnames()).containsExactly("log.example.com");
        assertThat(route.getSpec().getRules()).singleElement().satisfies(rule -> {
            assertThat(rule.getTimeouts().getRequest()).isEqualTo("330s");
            assertThat(rule.getBackendRefs().getFirst().getName()).isEqualTo("trunkline");
            assertThat(rule.getBackendRefs().getFirst().getPort()).isEqualTo(9000);
        });
    }

    @Test
    void autoscalerSetsTheReplicasInPlaceOfTheDeployment() {
        Manifests manifests = Chart.minimal(
                "autoscaling: {enabled: true, minReplicas: 3, maxReplicas: 9, targetCPUUtilizationPercentage: 60}");
        HorizontalPodAutoscaler autoscaler = manifests.only(HorizontalPodAutoscaler.class);

        assertThat(manifests.only(Deployment.class).getSpec().getReplicas()).isNull();
        assertThat(autoscaler.getSpec().getScaleTargetRef().getName())
                .isEqualTo(manifests.only(Deployment.class).getMetadata().getName());
        assertThat(autoscaler.getSpec().getMinReplicas()).isEqualTo(3);
        assertThat(autoscaler.getSpec().getMaxReplicas()).isEqualTo(9);
        assertThat(autoscaler.getSpec().getMetrics()).singleElement().satisfies(metric -> {
            assertThat(metric.getResource().getName()).isEqualTo("cpu");
            assertThat(metric.getResource().getTarget().getAverageUtilization()).isEqualTo(60);
        });
        assertThat(autoscaler.getSpec().getBehavior().getScaleDown().getStabilizationWindowSeconds())
                .isEqualTo(300);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "replicaCount: 1",
                "podDisruptionBudget: {enabled: false}",
                "autoscaling: {enabled: true, minReplicas: 1}"
            })
    void disruptionBudgetNeedsMoreThanOneReplica(String values) {
        assertThat(Chart.minimal(values).all(PodDisruptionBudget.class)).isEmpty();
        assertThat(Chart.minimal("podDisruptionBudget: {maxUnavailable: 25%}")
                        .only(PodDisruptionBudget.class)
                        .getSpec()
                        .getMaxUnavailable()
                        .getStrVal())
                .isEqualTo("25%");
    }

    @Test
    void networkPolicyLetsInOnlyWhoIsNamed() {
        NetworkPolicySpec open = networkPolicy("");
        assertThat(open.getPolicyTypes()).containsExactly("Ingress", "Egress");
        assertThat(open.getIngress()).singleElement().satisfies(rule -> {
            assertThat(ports(rule.getPorts())).containsExactly("http");
            assertThat(rule.getFrom()).isEmpty();
        });

        NetworkPolicySpec closed = networkPolicy("""
                  http: {from: [{podSelector: {matchLabels: {app: shop}}}]}
                  management: {from: [{namespaceSelector: {matchLabels: {name: monitoring}}}]}
                """);
        assertThat(closed.getIngress()).hasSize(2);
        assertThat(closed.getIngress().getFirst().getFrom())
                .extracting(peer -> peer.getPodSelector().getMatchLabels())
                .contains(Map.of("app", "shop"))
                .anySatisfy(labels -> assertThat(labels).containsEntry("app.kubernetes.io/component", "test"));
        assertThat(ports(closed.getIngress().getLast().getPorts())).containsExactly("management");
        assertThat(closed.getIngress().getLast().getFrom()).hasSize(1);
    }

    @Test
    void networkPolicyLetsOutToWhatTheServiceNeeds() {
        assertThat(egress(networkPolicy(""))).containsExactly(List.of("53", "53"), List.of("5432"));
        assertThat(databasePorts("jdbc:postgresql://pg-1,pg-2:5433/trunkline")).containsExactly("5432", "5433");
        assertThat(databasePorts("jdbc:postgresql://pg-1:6432,pg-2,[2001:db8::1],[2001:db8::2]:7000/trunkline?a=:1/"))
                .containsExactly("6432", "5432", "7000");
        assertThat(egress(networkPolicy("""
                          database: {to: [{ipBlock: {cidr: 10.0.0.0/24}}]}
                          extraEgress: [{ports: [{port: 443, protocol: TCP}]}]
                        database: {url: "jdbc:postgresql://one:6432,two:6433/trunkline"}
                        tracing: {enabled: true, endpoint: "http://collector:14317"}
                        """)))
                .containsExactly(List.of("53", "53"), List.of("6432", "6433"), List.of("14317"), List.of("443"));
        assertThat(networkPolicy("  database: {to: [{ipBlock: {cidr: 10.0.0.0/24}}]}")
                        .getEgress()
                        .get(1)
                        .getTo())
                .singleElement()
                .satisfies(peer -> assertThat(peer.getIpBlock().getCidr()).isEqualTo("10.0.0.0/24"));
    }

    @Test
    void serviceMonitorScrapesTheManagementPort() {
        ServiceMonitor monitor = Chart.minimal("""
                        metrics:
                          serviceMonitor:
                            enabled: true
                            labels: {release: prometheus}
                            interval: 15s
                            scrapeTimeout: 5s
                            relabelings: [{action: labeldrop, regex: pod}]
                            metricRelabelings: [{action: drop, sourceLabels: [__name__], regex: jvm_.*}]
                        """).only(ServiceMonitor.class);
        Endpoint endpoint = monitor.getSpec().getEndpoints().getFirst();

        assertThat(monitor.getMetadata().getLabels()).containsEntry("release", "prometheus");
        assertThat(endpoint.getPort()).isEqualTo("management");
        assertThat(endpoint.getPath()).isEqualTo("/metrics");
        assertThat(endpoint.getInterval()).isEqualTo("15s");
        assertThat(endpoint.getScrapeTimeout()).isEqualTo("5s");
        assertThat(endpoint.getRelabelings()).hasSize(2);
        assertThat(endpoint.getRelabelings().getLast().getAction()).isEqualTo("labeldrop");
        assertThat(endpoint.getMetricRelabelings()).hasSize(1);
    }

    @Test
    void dashboardsAreThoseOfTheDirectory(@TempDir Path directory) throws IOException {
        Chart.copy(directory);
        Files.createDirectories(directory.resolve("dashboards"));
        Files.writeString(directory.resolve("dashboards/one.json"), "{\"title\": \"{{ topic }}\"}\n");

        ConfigMap dashboards = Manifests.parse(Chart.at(directory)
                        .template(
                                "trunkline",
                                Chart.MINIMAL,
                                "metrics: {dashboards: {enabled: true, annotations: {folder: Events}}}"))
                .named(ConfigMap.class, "trunkline-dashboards");

        assertThat(dashboards.getMetadata().getLabels()).containsEntry("grafana_dashboard", "1");
        assertThat(dashboards.getMetadata().getAnnotations()).containsEntry("folder", "Events");
        assertThat(dashboards.getData()).containsEntry("one.json", "{\"title\": \"{{ topic }}\"}\n");
        assertThat(dashboards.getData().keySet()).allMatch(name -> name.endsWith(".json"));
    }

    @Test
    void clusterOfItsOwnIsTheDatabase() {
        Manifests manifests = Chart.render(Chart.CLUSTER, """
                cloudNativePG:
                  instances: 2
                  imageName: postgresql:18
                  storage: {size: 50Gi, storageClass: fast}
                  parameters: {shared_buffers: 1GB}
                  synchronous: {method: any, number: 1}
                  resources: {requests: {cpu: 1, memory: 2Gi}}
                  extraSpec: {backup: {retentionPolicy: 30d}}
                """);
        CloudNativePgCluster cluster = manifests.only(CloudNativePgCluster.class);

        assertThat(cluster.metadata().getName()).isEqualTo("trunkline-postgresql");
        assertThat(cluster.metadata().getAnnotations()).containsEntry("helm.sh/resource-policy", "keep");
        assertThat(cluster.spec().instances()).isEqualTo(2);
        assertThat(cluster.spec().imageName()).isEqualTo("postgresql:18");
        assertThat(cluster.spec().storage()).isEqualTo(new CloudNativePgCluster.Storage("50Gi", "fast", null));
        assertThat(cluster.spec().bootstrap())
                .isEqualTo(new CloudNativePgCluster.Bootstrap(
                        new CloudNativePgCluster.Initdb("trunkline", "trunkline_owner", null), null));
        assertThat(cluster.spec().managed().roles())
                .containsExactly(new CloudNativePgCluster.Role(
                        "trunkline_app", "present", true, new CloudNativePgCluster.Secret("trunkline-database")));
        assertThat(cluster.spec().postgresql())
                .isEqualTo(new CloudNativePgCluster.Postgresql(
                        Map.of("max_connections", "200", "shared_buffers", "1GB"),
                        new CloudNativePgCluster.Synchronous("any", 1, null),
                        null));
        assertThat(cluster.spec().backup()).isNotNull();
        assertThat(manifests.named(ConfigMap.class, "trunkline").getData())
                .containsEntry(
                        "TRUNKLINE_DATABASE_URL",
                        "jdbc:postgresql://trunkline-postgresql-rw:5432/trunkline"
                                + "?sslmode=verify-full&sslrootcert=/etc/trunkline/postgresql/ca.crt");
        assertThat(volume(pod(manifests), "postgresql-ca").getSecret().getSecretName())
                .isEqualTo("trunkline-postgresql-ca");
    }

    @Test
    void extraSpecIsMergedIntoTheSpecOfTheCluster() {
        CloudNativePgCluster.Spec spec = Chart.render(Chart.CLUSTER, """
                cloudNativePG:
                  synchronous: {method: any, number: 1}
                  extraSpec:
                    storage: {size: 30Gi, resizeInUseVolumes: false}
                    bootstrap: {initdb: {dataChecksums: true}}
                    managed: {roles: [{name: reader, ensure: present, login: false}]}
                    postgresql: {parameters: {shared_buffers: 1GB}, pg_hba: [local all all trust]}
                """)
                .only(CloudNativePgCluster.class)
                .spec();

        assertThat(spec.storage()).isEqualTo(new CloudNativePgCluster.Storage("30Gi", null, false));
        assertThat(spec.bootstrap().initdb())
                .isEqualTo(new CloudNativePgCluster.Initdb("trunkline", "trunkline_owner", true));
        assertThat(spec.managed().roles())
                .extracting(CloudNativePgCluster.Role::name)
                .containsExactly("trunkline_app", "reader");
        assertThat(spec.postgresql())
                .isEqualTo(new CloudNativePgCluster.Postgresql(
                        Map.of("max_connections", "200", "shared_buffers", "1GB"),
                        new CloudNativePgCluster.Synchronous("any", 1, null),
                        List.of("local all all trust")));
    }

    @Test
    void extraSpecCanReplaceTheRoleOfTheServiceAndTheWayToBootstrap() {
        CloudNativePgCluster.Spec spec = Chart.render(Chart.CLUSTER, """
                cloudNativePG:
                  extraSpec:
                    bootstrap: {recovery: {source: backup}}
                    managed: {roles: [{name: trunkline_app, ensure: present, login: true}]}
                """)
                .only(CloudNativePgCluster.class)
                .spec();

        assertThat(spec.bootstrap().initdb()).isNull();
        assertThat(spec.bootstrap().recovery()).isNotNull();
        assertThat(spec.managed().roles())
                .containsExactly(new CloudNativePgCluster.Role("trunkline_app", "present", true, null));
    }

    @Test
    void schemaOfAClusterOfItsOwnIsMadeBesideTheRelease() {
        Manifests manifests = Chart.render(Chart.CLUSTER);
        Job job = manifests.only(Job.class);

        assertThat(job.getMetadata().getName()).matches("trunkline-migration-[0-9a-f]{7}");
        assertThat(job.getMetadata().getAnnotations()).doesNotContainKey("helm.sh/hook");
        assertThat(job(manifests).getContainers().getFirst().getEnv())
                .filteredOn(variable -> variable.getName().contains("OWNER"))
                .hasSize(2)
                .allSatisfy(variable -> assertThat(
                                variable.getValueFrom().getSecretKeyRef().getName())
                        .isEqualTo("trunkline-postgresql-app"));
    }

    @Test
    void testPodWritesAndReadsARecord() {
        Pod pod = Chart.minimal().only(Pod.class);
        String script = pod.getSpec().getContainers().getFirst().getArgs().getFirst();

        assertThat(pod.getMetadata().getAnnotations())
                .containsEntry("helm.sh/hook", "test")
                .containsEntry("helm.sh/hook-delete-policy", "before-hook-creation,hook-succeeded");
        assertThat(pod.getSpec().getContainers().getFirst().getImage()).matches("curlimages/curl:\\d+\\.\\d+\\.\\d+");
        assertThat(script)
                .contains("/admin/topics", "/records?offset=0", "-X DELETE", "application/vnd.kafka.json.v2+json");
        assertThat(Chart.minimal("tests: {enabled: false}").all(Pod.class)).isEmpty();
    }

    @Test
    void notesTellTheConnections(@TempDir Path directory) throws IOException {
        assertThat(notes(directory, Chart.MINIMAL))
                .contains("Connections: 2 replicas of 43 each")
                .contains("must leave 129 for Trunkline")
                .contains("port-forward service/trunkline 8080:80");
        assertThat(notes(directory, Chart.MINIMAL, "autoscaling: {enabled: true, maxReplicas: 9}"))
                .contains("must leave 430 for Trunkline");
        assertThat(notes(
                        directory,
                        Chart.MINIMAL,
                        "ingress: {enabled: true, hosts: [{host: log.example.com}], tls: [{secretName: tls}]}"))
                .contains("https://log.example.com");
    }

    @Test
    void notesTellWhatTheTestNeeds(@TempDir Path directory) throws IOException {
        assertThat(notes(directory, Chart.MINIMAL))
                .contains("helm --namespace events test trunkline")
                .doesNotContain("tests.tokenSecret.name");
        assertThat(notes(directory, Chart.MINIMAL, "access: {adminToken: {create: false}}"))
                .contains("Set tests.tokenSecret.name")
                .doesNotContain("helm --namespace events test", "trunkline-admin-token");
    }

    /** The notes, which Helm shows after an installation only, as a resource. */
    private static String notes(Path directory, String... values) throws IOException {
        Chart.copy(directory);
        Files.writeString(
                directory.resolve("templates/notes.yaml"),
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: notes\ndata:\n  notes: |\n"
                        + Files.readString(directory.resolve("templates/NOTES.txt"))
                                .indent(4));
        return Manifests.parse(Chart.at(directory).template("trunkline", values))
                .named(ConfigMap.class, "notes")
                .getData()
                .getOrDefault("notes", "");
    }

    private static PodSpec pod(Manifests manifests) {
        return manifests.only(Deployment.class).getSpec().getTemplate().getSpec();
    }

    private static PodSpec job(Manifests manifests) {
        return manifests.only(Job.class).getSpec().getTemplate().getSpec();
    }

    private static Volume volume(PodSpec pod, String name) {
        return pod.getVolumes().stream()
                .filter(volume -> volume.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static List<TopologySpreadConstraint> spread(Manifests manifests) {
        return pod(manifests).getTopologySpreadConstraints();
    }

    private static List<String> secretKeys(Container container) {
        return container.getEnv().stream()
                .filter(variable -> variable.getValueFrom() != null)
                .map(variable -> variable.getValueFrom().getSecretKeyRef().getKey())
                .toList();
    }

    private static String checksum(Manifests manifests) {
        return manifests
                .only(Deployment.class)
                .getSpec()
                .getTemplate()
                .getMetadata()
                .getAnnotations()
                .getOrDefault("checksum/config", "");
    }

    private static NetworkPolicySpec networkPolicy(String values) {
        return Chart.minimal("networkPolicy:\n  enabled: true\n" + values)
                .named(NetworkPolicy.class, "trunkline")
                .getSpec();
    }

    private static String jvmOptions(String values) {
        return Chart.minimal(values).container().getEnv().stream()
                .filter(variable -> variable.getName().equals("JDK_JAVA_OPTIONS"))
                .map(EnvVar::getValue)
                .findFirst()
                .orElseThrow();
    }

    private static List<String> databasePorts(String url) {
        return egress(networkPolicy("database: {url: '" + url + "'}")).get(1);
    }

    private static List<List<String>> egress(NetworkPolicySpec policy) {
        return policy.getEgress().stream()
                .map(NetworkPolicyEgressRule::getPorts)
                .map(ChartFeaturesTest::ports)
                .toList();
    }

    private static List<String> ports(List<NetworkPolicyPort> ports) {
        return ports.stream()
                .map(port -> port.getPort().getStrVal() == null
                        ? port.getPort().getIntVal().toString()
                        : port.getPort().getStrVal())
                .toList();
    }
}
