package io.trunkline.access;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.nio.file.Path;
import java.util.Optional;

/** Who may use the service. */
@ConfigMapping(prefix = "trunkline.access")
public interface AccessConfig {
    /**
     * Whether clients must prove who they are: {@code required}, or {@code none} for a service that everybody who reaches it
     * may use. Where it is not set, it is {@code none} on a loopback address, and the service refuses to start on any other.
     */
    Optional<Mode> mode();

    /**
     * Whether the management port gives metrics to everybody who reaches it ({@code open}), or to known clients only
     * ({@code credentials}), whatever their rights are. Health is always open.
     */
    @WithDefault("open")
    Metrics metrics();

    /**
     * The topic that keeps what the audit log says, as JSON records. It is created with 90 days of retention where it does not
     * exist. No topic if absent.
     */
    Optional<String> auditTopic();

    /**
     * Requests with credentials that are not valid that one client address may make within ten seconds; the responses to further
     * ones are held for a second. Raise it behind a proxy that hides the addresses of clients.
     */
    @WithDefault("10")
    @Min(1)
    @Max(1_000_000)
    int failedAttempts();

    /**
     * A YAML file with roles of principals and with rules, such as one that is kept in Git. The command {@code migrate}, and a
     * start that has the credentials of the schema's owner, make the roles and rules that came from the file those that it
     * holds now; others stay as they are.
     */
    Optional<Path> file();

    /** Who gets the metrics. */
    enum Metrics {
        OPEN,
        CREDENTIALS
    }

    /** Whether clients must prove who they are. */
    enum Mode {
        NONE,
        REQUIRED
    }
}
