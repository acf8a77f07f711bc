package io.trunkline;

import io.quarkus.runtime.QuarkusBindException;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.smallrye.config.ConfigValidationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jboss.logging.Logger;

/** Says why the service did not start, where people look for it. */
final class Refusal {
    private static final Logger LOG = Logger.getLogger(Refusal.class);
    private static final String TERMINATION_LOG = "trunkline.shutdown.termination-log";
    private static final String DEFAULT_TERMINATION_LOG = "/dev/termination-log";

    private Refusal() {}

    /** What is wrong with the configuration needs no stack trace. */
    static void tell(Throwable failure) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof ConfigurationException || t instanceof ConfigValidationException) {
                tell(String.valueOf(t.getMessage()));
                return;
            }
            if (t instanceof QuarkusBindException) {
                tell(t.getMessage() + ". Stop what uses the port, or set quarkus.http.port and"
                        + " quarkus.management.port (environment: QUARKUS_HTTP_PORT, QUARKUS_MANAGEMENT_PORT).");
                return;
            }
        }
        LOG.error("Trunkline could not be started", failure);
        note("Trunkline could not be started: " + failure.getMessage());
    }

    static void tell(String line) {
        System.err.println(line);
        note(line);
    }

    /** For {@code kubectl describe pod}. The file is there where Kubernetes wants it. */
    private static void note(String line) {
        Path file = Path.of(terminationLog());
        if (!Files.exists(file)) {
            return;
        }
        try {
            Files.writeString(file, line + "\n", StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        } catch (IOException e) {
            System.err.println("The reason could not be written to " + file + ": " + e.getMessage());
        }
    }

    private static String terminationLog() {
        try {
            return ConfigProvider.getConfig()
                    .getOptionalValue(TERMINATION_LOG, String.class)
                    .orElse(DEFAULT_TERMINATION_LOG);
        } catch (RuntimeException e) {
            // It may be the configuration that was refused.
            return DEFAULT_TERMINATION_LOG;
        }
    }
}
