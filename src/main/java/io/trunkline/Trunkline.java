package io.trunkline;

import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.annotations.QuarkusMain;
import io.quarkus.runtime.configuration.ConfigUtils;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.SmallRyeConfig;
import io.trunkline.command.Commands;
import io.trunkline.embedded.EmbeddedConfig;
import io.trunkline.embedded.EmbeddedException;
import io.trunkline.embedded.EmbeddedPostgres;
import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.jdbc.DatabaseUrl;
import io.trunkline.jdbc.SchemaState;
import java.io.PrintStream;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jboss.logging.Logger;

/**
 * The program's entry: starts a PostgreSQL where none is configured, then the service; or, with the argument
 * {@code migrate}, only brings the schema up to date; or runs one of the other commands.
 */
@QuarkusMain
public class Trunkline implements QuarkusApplication {
    private static final Logger LOG = Logger.getLogger(Trunkline.class);
    private static final int FAILED = 1;
    private static final int WRONG_USAGE = 2;
    /** The command migrate was refused for what no other attempt changes: EX_CONFIG of sysexits.h. */
    private static final int REFUSED = 78;

    private static final String MIGRATE = "migrate";
    private static final String NETTY_EXTENSIONS = "io.netty.bootstrap.extensions";
    /** When the process began, by {@link System#nanoTime}. */
    private static volatile long begun = System.nanoTime();

    private final SchemaState state;
    private final DatabaseConfig database;
    private final Clock clock;

    Trunkline(SchemaState state, DatabaseConfig database, Clock clock) {
        this.state = state;
        this.database = database;
        this.clock = clock;
    }

    /** Runs the service until it is stopped, or brings the schema up to date. */
    public static void main(String... args) {
        begun = System.nanoTime();
        if (Commands.know(List.of(args))) {
            System.exit(command(List.of(args)));
            return;
        }
        boolean migrate = onlyMigrates(args);
        if (args.length > 0 && !migrate) {
            Refusal.tell("Unknown arguments: " + String.join(" ", args)
                    + ". Without arguments the service starts; migrate brings the schema up to date and ends;"
                    + " --help lists the other commands."
                    + " Settings are given as system properties or environment variables.");
            System.exit(WRONG_USAGE);
            return;
        }
        if (migrate) {
            // Nothing but the start-up is wanted, beside a service that may be running here.
            System.setProperty("quarkus.http.host-enabled", "false");
            System.setProperty("quarkus.management.host-enabled", "false");
        }
        CountDownLatch serviceStopped = new CountDownLatch(1);
        AtomicBoolean serviceStarted = new AtomicBoolean();
        // At a signal the JVM runs its hooks side by side: this one waits for the service, whose own hook stops it.
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            boolean stopped = !serviceStarted.get() || StopDeadline.isKept(serviceStopped);
                            EmbeddedPostgres.latest().ifPresent(EmbeddedPostgres::close);
                            if (!stopped) {
                                StopDeadline.halt();
                            }
                        },
                        "stop-postgresql"));
        if (System.getProperty(NETTY_EXTENSIONS) == null) {
            // Connections are guarded from their first byte on by an extension that Netty looks for only when it is
            // told to.
            System.setProperty(NETTY_EXTENSIONS, "serviceload");
        }
        Optional<EmbeddedPostgres> started;
        try {
            started = startIfUnconfigured();
        } catch (EmbeddedException | ConfigurationException e) {
            Refusal.tell(String.valueOf(e.getMessage()));
            System.exit(FAILED);
            return;
        }
        serviceStarted.set(true);
        Quarkus.run(
                Trunkline.class,
                (status, failure) -> {
                    if (failure != null) {
                        Refusal.tell(failure);
                    }
                    serviceStopped.countDown();
                    if (LaunchMode.current() != LaunchMode.DEVELOPMENT) {
                        // Live reload comes here too, and goes on with the same server.
                        started.ifPresent(EmbeddedPostgres::close);
                    }
                    if (status != 0) {
                        System.exit(migrate && failure != null && isRefusal(failure) ? REFUSED : status);
                    }
                },
                args);
    }

    private static int command(List<String> words) {
        // A server that the command has started ends with it, also by a signal.
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> EmbeddedPostgres.latest().ifPresent(EmbeddedPostgres::close), "stop-postgresql"));
        // What a command prints can be piped: whatever logs goes elsewhere.
        PrintStream result = System.out;
        System.setOut(System.err);
        return Commands.run(
                words,
                () -> ConfigUtils.configBuilder()
                        .withMapping(EmbeddedConfig.class)
                        .withMapping(DatabaseConfig.class)
                        .build(),
                result,
                System.err);
    }

    @Override
    public int run(String... args) {
        if (onlyMigrates(args)) {
            int status = migrated();
            return status == 0
                    ? Commands.afterMigration(List.of(args), database, clock, System.getenv(), System.err)
                    : status;
        }
        String port =
                ConfigProvider.getConfig().getConfigValue("quarkus.http.port").getValue();
        if (!state.outcome().isDone()) {
            LOG.warnf("Trunkline serves http://localhost:%s, but is not ready. It waits: %s.", port, state.waitsFor());
        }
        state.outcome().whenComplete((version, refusal) -> {
            if (refusal == null) {
                announce(port);
            } else {
                Refusal.tell(refusal);
                Quarkus.asyncExit(FAILED);
            }
        });
        Quarkus.waitForExit();
        return 0;
    }

    private static void announce(String port) {
        Optional<EmbeddedPostgres> started = EmbeddedPostgres.latest();
        if (started.isEmpty()) {
            LOG.info("Using the PostgreSQL of trunkline.database.url.");
        } else {
            LOG.infof(
                    "Started a PostgreSQL %s of its own, as trunkline.database.url is not set; its data stays in %s",
                    started.get().version(), started.get().directory());
        }
        LOG.infof(
                "Trunkline is ready: http://localhost:%s (API, and a console in a browser), http://localhost:%s/q/swagger-ui"
                        + " (the API in a browser)",
                port, port);
    }

    /** Waits for the migration, but not for ever: whoever runs it as a job wants to know. */
    private int migrated() {
        Duration left = database.migrationTimeout().minusNanos(System.nanoTime() - begun);
        try {
            state.outcome().get(Math.max(0, left.toMillis()), TimeUnit.MILLISECONDS);
            LOG.info("The schema is up to date.");
            return 0;
        } catch (TimeoutException e) {
            Refusal.tell("The schema was not brought up to date within trunkline.database.migration-timeout ("
                    + database.migrationTimeout().toSeconds() + " s): " + state.waitsFor() + ".");
        } catch (ExecutionException e) {
            Refusal.tell(e);
            return isRefusal(e) ? REFUSED : FAILED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return FAILED;
    }

    private static boolean onlyMigrates(String... args) {
        return args.length > 0 && args[0].equals(MIGRATE);
    }

    private static Optional<EmbeddedPostgres> startIfUnconfigured() {
        SmallRyeConfig config =
                ConfigUtils.configBuilder().withMapping(EmbeddedConfig.class).build();
        Optional<String> url = config.getOptionalValue("trunkline.database.url", String.class);
        if (url.isPresent()) {
            // Before anything else has it: it may hold a password.
            DatabaseUrl.parse(url.get());
            return Optional.empty();
        }
        EmbeddedConfig embedded = config.getConfigMapping(EmbeddedConfig.class);
        EmbeddedPostgres server =
                EmbeddedPostgres.start(embedded.dataDirectory(), embedded.port(), embedded.startupTimeout());
        System.setProperty("trunkline.database.url", server.url());
        System.setProperty("trunkline.database.username", "trunkline_app");
        System.setProperty("trunkline.database.password", server.applicationPassword());
        System.setProperty("trunkline.database.owner.username", server.ownerUsername());
        System.setProperty("trunkline.database.owner.password", server.ownerPassword());
        return Optional.of(server);
    }

    /** Whether what is wrong does not pass by itself. */
    private static boolean isRefusal(Throwable failure) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof ConfigurationException || t instanceof ConfigValidationException) {
                return true;
            }
        }
        return false;
    }
}
