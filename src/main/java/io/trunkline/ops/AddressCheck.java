package io.trunkline.ops;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.trunkline.access.AccessConfig;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.config.Config;
import org.jboss.logging.Logger;

/**
 * Refuses to listen on an address that other machines reach while nobody has said whether clients must prove who they are: a
 * service that is open to everybody is open on purpose.
 */
@ApplicationScoped
class AddressCheck {
    private static final Logger LOG = Logger.getLogger(AddressCheck.class);
    /** The servers of the two ports, as their settings begin. */
    private static final List<String> SERVERS = List.of("quarkus.http", "quarkus.management");

    private static final String EVERYWHERE = "0.0.0.0";

    private final Config config;
    private final AccessConfig access;

    AddressCheck(Config config, AccessConfig access) {
        this.config = config;
        this.access = access;
    }

    void atStart(@Observes @Priority(51) StartupEvent event) {
        List<String> listening = SERVERS.stream().filter(this::isEnabled).toList();
        if (access.mode().isEmpty()) {
            listening.stream()
                    .filter(server -> !isLoopback(host(server)))
                    .findFirst()
                    .ifPresent(server -> refuse(server, host(server)));
        }
        if (!listening.isEmpty() && access.mode().orElse(AccessConfig.Mode.NONE) == AccessConfig.Mode.NONE) {
            LOG.infof(
                    "Access control is off (trunkline.access.mode=none): every client that reaches %s may do everything",
                    host("quarkus.http"));
        }
    }

    private static void refuse(String server, String host) {
        throw new ConfigurationException(server + ".host is " + host
                + ", which other machines reach, and trunkline.access.mode (environment: TRUNKLINE_ACCESS_MODE) is not set."
                + " Set it to required, and create a first token with the command: token create --principal admin"
                + " --role admin --expires 90d. Or set it to none, if everybody who reaches the port may do everything."
                + " Or listen on this machine only, with " + server + ".host=127.0.0.1.");
    }

    private boolean isEnabled(String server) {
        return config.getOptionalValue(server + ".host-enabled", Boolean.class).orElse(true);
    }

    private String host(String server) {
        Optional<String> host = config.getOptionalValue(server + ".host", String.class);
        return host.orElse(EVERYWHERE);
    }

    /** Whether only this machine reaches an address. A name counts as what it stands for, and must stand for something. */
    static boolean isLoopback(String host) {
        try {
            return Arrays.stream(InetAddress.getAllByName(host)).allMatch(InetAddress::isLoopbackAddress);
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
