package io.trunkline.access;

import io.smallrye.config.ConfigMapping;
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
     * The topic that keeps what the audit log says, as JSON records. It is created with 90 days of retention where it does not
     * exist. No topic if absent.
     */
    Optional<String> auditTopic();

    /** Whether clients must prove who they are. */
    enum Mode {
        NONE,
        REQUIRED
    }
}
