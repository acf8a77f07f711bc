package io.trunkline.access;

import io.smallrye.config.ConfigMapping;
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
     * A YAML file with roles of principals and with rules, such as one that is kept in Git. The command {@code migrate}, and a
     * start that has the credentials of the schema's owner, make the roles and rules that came from the file those that it
     * holds now; others stay as they are.
     */
    Optional<Path> file();

    /** Whether clients must prove who they are. */
    enum Mode {
        NONE,
        REQUIRED
    }
}
