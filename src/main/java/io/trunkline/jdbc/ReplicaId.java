package io.trunkline.jdbc;

import io.agroal.api.AgroalPoolInterceptor;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.Locale;
import org.jboss.logging.Logger;

/**
 * What this replica is called: its host and four characters that tell it from others there. Its connections have the name, so that
 * PostgreSQL shows who is connected.
 */
@Singleton
public class ReplicaId implements AgroalPoolInterceptor {
    private static final Logger LOG = Logger.getLogger(ReplicaId.class);
    /** What the name of a connection begins with; the id follows. */
    static final String APPLICATION = "trunkline ";
    /** Of the host's name: PostgreSQL keeps 63 bytes of the name of a connection. */
    private static final int LONGEST_HOST = 48;

    private static final int RANDOM_BYTES = 2;

    private final String value;

    @Inject
    ReplicaId() {
        this(host());
    }

    ReplicaId(String host) {
        String plain = host.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9._-]", "-");
        byte[] random = new byte[RANDOM_BYTES];
        new SecureRandom().nextBytes(random);
        value = plain.substring(0, Math.min(LONGEST_HOST, plain.length())) + "-"
                + HexFormat.of().formatHex(random);
    }

    /** At most 53 characters, all of them letters, digits, dots, hyphens and underscores. */
    public String value() {
        return value;
    }

    /** The name of this replica's connections. */
    String applicationName() {
        return APPLICATION + value;
    }

    @Override
    public void onConnectionCreate(Connection connection) {
        try {
            connection.setClientInfo("ApplicationName", applicationName());
        } catch (SQLException e) {
            // It serves under the name of all; where it is broken, its first use finds that out.
            LOG.debug("A connection could not be named", e);
        }
    }

    private static String host() {
        String name = System.getenv("HOSTNAME");
        if (name != null && !name.isBlank()) {
            return name;
        }
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "replica";
        }
    }
}
