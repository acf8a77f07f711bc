package io.trunkline.chart;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.TemplateCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The chart, rendered by Helm itself, which runs in this process. */
final class Chart {
    static final Path DIRECTORY = Path.of("helm/trunkline");
    private static final String HOOK = "helm.sh/hook";
    private static final String NO_HOOK = "helm.sh/no-hook";
    private static final Pattern LOOKUP = Pattern.compile("\\(lookup [^()]*\\([^()]*\\)\\)");
    /** The oldest version that the chart can be installed on. */
    private static final String KUBERNETES = "1.29.0";
    /** What has to be given at least. */
    static final String MINIMAL = """
            image: {repository: trunkline}
            database:
              url: jdbc:postgresql://postgresql:5432/trunkline
              existingSecret: trunkline-database
            migration:
              existingSecret: trunkline-database-owner
            """;
    /** A database of the release's own. */
    static final String CLUSTER = """
            image: {repository: trunkline}
            database:
              existingSecret: trunkline-database
            cloudNativePG:
              enabled: true
            """;
    /** Everything that can be switched on beside a database that is there. */
    static final String EVERYTHING = MINIMAL + """
              podAnnotations: {team: migration}
            commonLabels: {team: data}
            config: {trunkline.topics.auto-create: true}
            jvmOptions: [-XX:MaxRAMPercentage=50]
            extraEnv: [{name: TZ, value: UTC}]
            extraEnvFrom: [{configMapRef: {name: more}}]
            extraVolumes: [{name: more, configMap: {name: more}}]
            extraVolumeMounts: [{name: more, mountPath: /more}]
            tracing: {enabled: true, endpoint: "http://collector:4317"}
            priorityClassName: high
            ingress: {enabled: true, className: nginx, hosts: [{host: log.example.com}]}
            httpRoute: {enabled: true, parentRefs: [{name: gateway}], hostnames: [log.example.com]}
            autoscaling: {enabled: true}
            networkPolicy: {enabled: true}
            metrics:
              serviceMonitor: {enabled: true}
              prometheusRule: {enabled: true}
              dashboards: {enabled: true}
            """;

    private final Path directory;

    private Chart(Path directory) {
        this.directory = directory;
    }

    static Chart at(Path directory) {
        return new Chart(directory);
    }

    /** What the chart makes of a release {@code trunkline} with these values, each text on top of the ones before. */
    static Manifests render(String... values) {
        return Manifests.parse(at(DIRECTORY).template("trunkline", values));
    }

    /** The same, on top of {@link #MINIMAL}. */
    static Manifests minimal(String... values) {
        return render(Stream.concat(Stream.of(MINIMAL), Stream.of(values)).toArray(String[]::new));
    }

    /** The rendered manifests, hooks included. */
    String template(String release, String... values) {
        try {
            Path scratch = Files.createTempDirectory("chart");
            try {
                return template(copyForTheLibrary(scratch), release, List.of(values));
            } finally {
                delete(scratch);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String template(Path chart, String release, List<String> values) throws IOException {
        TemplateCommand command = new Helm(chart)
                .template()
                .withName(release)
                .withNamespace("events")
                .withKubeVersion(KUBERNETES);
        for (String text : values) {
            command.withValuesFile(Files.writeString(Files.createTempFile(chart, "values", ".bak"), text));
        }
        return command.call().replace(NO_HOOK, HOOK);
    }

    /**
     * Helm as a library leaves hooks out of what it renders, so their annotation gets another name meanwhile; and it looks for
     * a cluster, where Helm's own command finds nothing without one.
     */
    private Path copyForTheLibrary(Path target) throws IOException {
        for (Path file : files(directory)) {
            Path copy = target.resolve(directory.relativize(file).toString());
            Files.createDirectories(copy.getParent());
            String text = Files.readString(file).replace(HOOK, NO_HOOK);
            Files.writeString(copy, LOOKUP.matcher(text).replaceAll("dict"));
        }
        return target;
    }

    /** Copies the chart, to be changed. */
    static Path copy(Path target) throws IOException {
        for (Path file : files(DIRECTORY)) {
            Path copy = target.resolve(DIRECTORY.relativize(file).toString());
            Files.createDirectories(copy.getParent());
            Files.writeString(copy, Files.readString(file));
        }
        return target;
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            return paths.filter(Files::isRegularFile).toList();
        }
    }

    private static void delete(Path directory) throws IOException {
        List<Path> paths;
        try (Stream<Path> walk = Files.walk(directory)) {
            paths = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : paths) {
            Files.delete(path);
        }
    }
}
