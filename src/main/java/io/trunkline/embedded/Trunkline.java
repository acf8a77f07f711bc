package io.trunkline.embedded;

import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.QuarkusBindException;
import io.quarkus.runtime.annotations.QuarkusMain;
import io.quarkus.runtime.configuration.ConfigUtils;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.SmallRyeConfig;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jboss.logging.Logger;

/**
 * The program's entry: starts a PostgreSQL where none is configured, then the service; or, with the argument
 * {@code migrate}, only brings the schema up to date.
 */
@QuarkusMain
public class Trunkline implements QuarkusApplication {
    private static final Logger LOG = Logger.getLogger(Trunkline.class);
    /** What stopping takes beside the waiting that is configured. */
    private static final Duration SHUTDOWN = Duration.ofSeconds(30);

    private static final int FAILED = 1;
    private static final int WRONG_USAGE = 2;
    /** The command migrate was refused for what no other attempt changes: EX_CONFIG of sysexits.h. */
    private static final int REFUSED = 78;

    private static final String MIGRATE = "migrate";

    private static final String NETTY_EXTENSIONS = "io.netty.bootstrap.extensions";

    /** Runs the service until it is stopped, or brings the schema up to date. */
    public static void main(String... args) {
        boolean migrate = onlyMigrates(args);
        if (args.length > 0 && !migrate) {
            System.err.println("Unknown arguments: " + String.join(" ", args)
                    + ". Without arguments the service starts; migrate brings the schema up to date and ends."
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
                            if (serviceStarted.get()) {
                                await(serviceStopped);
                            }
                            EmbeddedPostgres.latest().ifPresent(EmbeddedPostgres::close);
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
        } catch (EmbeddedException e) {
            System.err.println(e.getMessage());
            System.exit(FAILED);
            return;
        }
        serviceStarted.set(true);
        Quarkus.run(
                Trunkline.class,
                (status, failure) -> {
                    if (failure != null) {
                        report(failure);
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

    @Override
    public int run(String... args) {
        Optional<EmbeddedPostgres> started = EmbeddedPostgres.latest();
        if (onlyMigrates(args)) {
            LOG.info("The schema is up to date.");
            return 0;
        }
        SmallRyeConfig config = ConfigProvider.getConfig().unwrap(SmallRyeConfig.class);
        if (started.isEmpty()) {
            LOG.info("Using the PostgreSQL of trunkline.database.url.");
        } else {
            LOG.infof(
                    "Started a PostgreSQL %s of its own, as trunkline.database.url is not set; its data stays in %s",
                    started.get().version(), started.get().directory());
        }
        LOG.infof(
                "Trunkline is ready: http://localhost:%s (API), http://localhost:%s/q/swagger-ui (try it in a browser)",
                config.getConfigValue("quarkus.http.port").getValue(),
                config.getConfigValue("quarkus.http.port").getValue());
        Quarkus.waitForExit();
        return 0;
    }

    private static boolean onlyMigrates(String... args) {
        return List.of(args).equals(List.of(MIGRATE));
    }

    private static Optional<EmbeddedPostgres> startIfUnconfigured() {
        SmallRyeConfig config =
                ConfigUtils.configBuilder().withMapping(EmbeddedConfig.class).build();
        if (config.getOptionalValue("trunkline.database.url", String.class).isPresent()) {
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

    /** Says why the service did not start: what is wrong with the configuration needs no stack trace. */
    private static void report(Throwable failure) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof ConfigurationException || t instanceof ConfigValidationException) {
                System.err.println(t.getMessage());
                return;
            }
            if (t instanceof QuarkusBindException) {
                System.err.println(t.getMessage() + ". Stop what uses the port, or set quarkus.http.port and"
                        + " quarkus.management.port (environment: QUARKUS_HTTP_PORT, QUARKUS_MANAGEMENT_PORT).");
                return;
            }
        }
        LOG.error("Trunkline could not be started", failure);
    }

    /** Whether what is wrong does not pass by itself. A failure that may has its reason as a suppressed one. */
    private static boolean isRefusal(Throwable failure) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof ConfigurationException || t instanceof ConfigValidationException) {
                return t.getSuppressed().length == 0;
            }
        }
        return false;
    }

    private static Duration stopping(String part) {
        return ConfigProvider.getConfig()
                .getOptionalValue("quarkus.shutdown." + part, Duration.class)
                .orElse(Duration.ZERO);
    }

    private static void await(CountDownLatch serviceStopped) {
        try {
            Duration patience = SHUTDOWN.plus(stopping("delay")).plus(stopping("timeout"));
            if (!serviceStopped.await(patience.toSeconds(), TimeUnit.SECONDS)) {
                LOG.warn("The service did not stop in time; stopping PostgreSQL under it.");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
