package io.trunkline.bench;

import io.trunkline.testing.Api;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Where scenarios play: PostgreSQL, the service, the load generator, and what has been measured so far. */
final class Stage implements AutoCloseable {
    /** So that the partitions scenario can have its topic. */
    private static final String MAX_PARTITIONS = "10000";

    private static final Duration SETTLE = Duration.ofSeconds(2);

    private final Settings settings;
    private final Path directory;
    private int replicasStarted;
    private final Postgres postgres;
    private final LogTables tables;
    private final List<Service> services = new ArrayList<>();
    private final LoadClient client = new LoadClient();
    private final Yardstick yardstick;
    private final List<Run> runs = new ArrayList<>();

    private Stage(Settings settings, Path directory, Postgres postgres) throws IOException, SQLException {
        this.settings = settings;
        this.directory = directory;
        this.postgres = postgres;
        tables = new LogTables(postgres);
        addReplica();
        yardstick = new Yardstick(postgres);
    }

    static Stage set(Settings settings, Path directory) throws IOException, SQLException {
        Files.createDirectories(directory);
        Postgres postgres = Postgres.start(directory.resolve("postgres"));
        try {
            return new Stage(settings, directory, postgres);
        } catch (IOException | SQLException | RuntimeException e) {
            postgres.close();
            throw e;
        }
    }

    /** Starts one more replica on the same database. */
    Service addReplica() throws IOException {
        return addReplica(Map.of());
    }

    /** Starts one more replica with settings of its own. */
    Service addReplica(Map<String, String> settings) throws IOException {
        return addReplica(settings, Service.HEAP_MEGABYTES);
    }

    /** Starts one more replica with a heap of so many MB. */
    Service addReplica(int heapMegabytes) throws IOException {
        return addReplica(Map.of(), heapMegabytes);
    }

    private Service addReplica(Map<String, String> settings, int heapMegabytes) throws IOException {
        Map<String, String> with = new HashMap<>(postgres.serviceSettings());
        with.putAll(settings);
        with.put("trunkline.topics.max-partitions", MAX_PARTITIONS);
        Service service = Service.start(directory, "service-" + ++replicasStarted, heapMegabytes, with);
        services.add(service);
        return service;
    }

    void removeReplica(Service service) {
        services.remove(service);
        service.close();
    }

    Settings settings() {
        return settings;
    }

    /** Where files of scenarios may be. */
    Path directory() {
        return directory;
    }

    Postgres postgres() {
        return postgres;
    }

    LogTables tables() {
        return tables;
    }

    LoadClient client() {
        return client;
    }

    /** The first replica, which has no access control. */
    Service service() {
        return services.getFirst();
    }

    Api api() {
        return services.getFirst().api();
    }

    /** The port of the first replica. */
    int port() {
        return services.getFirst().port();
    }

    List<Integer> ports() {
        return services.stream().map(Service::port).toList();
    }

    List<Run> runs() {
        return List.copyOf(runs);
    }

    /** Runs a load as long as the settings say. */
    Measured measure(Load load) throws IOException, SQLException {
        return measure(load, settings.warmup(), settings.measured());
    }

    /** Runs a load: first unmeasured, then measured. */
    Measured measure(Load load, Duration warmup, Duration measured) throws IOException, SQLException {
        postgres.checkpoint();
        double commit = yardstick.commitMillis();
        services.forEach(service -> Processes.resetPeak(service.handle()));
        try (load) {
            Window window = Window.soon(warmup, measured);
            load.start(window);
            Runnable check = () -> {
                load.check();
                services.forEach(Service::check);
            };
            Window.await(window.from(), check);
            Usage before = usage();
            Window.await(window.to(), check);
            Usage after = usage();
            return new Measured(load.finish(), after.since(before), commit);
        }
    }

    /** What the processes have used since they started. */
    Usage usage() {
        return new Usage(
                services.stream()
                        .mapToDouble(service -> Processes.cpuSeconds(service.handle()))
                        .sum(),
                Processes.cpuSeconds(postgres.handle()),
                ProcessHandle.current()
                                .info()
                                .totalCpuDuration()
                                .orElse(Duration.ZERO)
                                .toMillis()
                        / 1e3,
                services.stream()
                        .mapToLong(service -> Processes.peakBytes(service.handle()))
                        .max()
                        .orElse(-1));
    }

    /** What is used a second while nothing happens. */
    Usage idle(Duration duration) {
        pause(SETTLE);
        Usage before = usage();
        pause(duration);
        return usage().since(before).perSecond(duration.toSeconds());
    }

    private static void pause(Duration duration) {
        Window.await(System.nanoTime() + duration.toNanos(), () -> {});
    }

    /** How many threads all replicas have, or -1 where the system does not tell. */
    long serviceThreads() {
        long[] threads = services.stream()
                .mapToLong(service -> Processes.threads(service.handle()))
                .toArray();
        return Arrays.stream(threads).anyMatch(count -> count < 0)
                ? -1
                : Arrays.stream(threads).sum();
    }

    /** Where each partition of a topic ends, by what the service says. */
    List<Long> ends(String topic, int partitions) {
        List<Long> ends = new ArrayList<>();
        for (int p = 0; p < partitions; p++) {
            Api.Answer offsets = api().get("/topics/" + topic + "/partitions/" + p + "/offsets");
            if (offsets.status() != 200) {
                throw new IllegalStateException("offsets answered " + offsets.status() + " " + offsets.body());
            }
            ends.add(offsets.json().path("end_offset").asLong(-1));
        }
        return ends;
    }

    /** Fails unless a topic holds as many records as were acknowledged: by its tables and by what the service says. */
    LogTables.Totals checkRecords(String topic, int partitions, long acknowledged) throws SQLException {
        LogTables.Totals totals = tables.totals(topic);
        long ends = ends(topic, partitions).stream().mapToLong(Long::longValue).sum();
        if (totals.records() != acknowledged || ends != acknowledged) {
            throw new IllegalStateException(acknowledged + " records were acknowledged, but " + totals.records()
                    + " are in the log and its ends add up to " + ends);
        }
        return totals;
    }

    /** Keeps a run, and tells about it. */
    void add(Run run) {
        runs.add(run);
        System.out.println(String.format(
                Locale.ROOT,
                "%s round %d %s%s: %,.0f records/s, p50 %.2f ms, p99 %.2f ms, commit %.2f ms %s",
                run.scenario(),
                run.round(),
                run.load(),
                run.baseline() ? " " + run.side() : "",
                run.recordsPerSecond(),
                run.latency().p50(),
                run.latency().p99(),
                run.commitMillis(),
                new TreeMap<>(run.details())));
    }

    @Override
    public void close() throws SQLException {
        try (yardstick;
                client) {
            services.forEach(Service::close);
        } finally {
            postgres.close();
        }
    }
}
