package io.trunkline.access;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/** Who clients are by the certificates with which they have connected. */
@Singleton
public class ClientCertificates {
    private static final String COMMON_NAME = "CN";

    private final boolean enabled;
    private final @Nullable Pattern subjects;
    private final Clock clock;

    ClientCertificates(CertificatesConfig config, Clock clock) {
        this.clock = clock;
        enabled = config.enabled();
        subjects = config.subjectPattern().map(ClientCertificates::compiled).orElse(null);
    }

    /** Makes it at the start, so that a pattern that is none is refused then. */
    void start(@Observes @Priority(60) StartupEvent event) {}

    private static Pattern compiled(String text) {
        try {
            Pattern pattern = Pattern.compile(text);
            if (pattern.groupCount() >= 1) {
                return pattern;
            }
        } catch (PatternSyntaxException e) {
            throw new ConfigurationException(
                    "trunkline.access.certificates.subject-pattern is not a regular expression: " + e.getMessage()
                            + ".");
        }
        throw new ConfigurationException(
                "trunkline.access.certificates.subject-pattern has no group: put the part of the"
                        + " subject that names the principal in parentheses, such as CN=([^,]+),OU=services.*.");
    }

    /** Whether certificates prove who clients are. */
    public boolean enabled() {
        return enabled;
    }

    /**
     * The principal of a chain that TLS has verified, the client's own certificate first; empty where its subject names none, and
     * where it has expired since: connections live for longer than handshakes.
     */
    public Optional<Principal> principal(List<Certificate> chain) {
        if (!enabled
                || chain.isEmpty()
                || !(chain.getFirst() instanceof X509Certificate own)
                || clock.instant().isAfter(own.getNotAfter().toInstant())) {
            return Optional.empty();
        }
        String subject = own.getSubjectX500Principal().getName(X500Principal.RFC2253);
        return (subjects == null ? commonName(subject) : matched(subjects, subject))
                .filter(Principal::isLegalName)
                .map(name -> new Principal(name, Set.of()));
    }

    /** Until when the certificate of a chain is valid; empty for one that is none. */
    Optional<Instant> expiry(List<Certificate> chain) {
        return chain.stream()
                .findFirst()
                .filter(X509Certificate.class::isInstance)
                .map(own -> ((X509Certificate) own).getNotAfter().toInstant());
    }

    private static Optional<String> matched(Pattern pattern, String subject) {
        Matcher matcher = pattern.matcher(subject);
        return matcher.matches() ? Optional.ofNullable(matcher.group(1)) : Optional.empty();
    }

    /** Empty where there are several, of which none is more the name than another. */
    private static Optional<String> commonName(String subject) {
        try {
            List<Rdn> names = new LdapName(subject)
                    .getRdns().stream()
                            .filter(rdn -> rdn.toAttributes().get(COMMON_NAME) != null)
                            .toList();
            return names.size() == 1
                            && names.getFirst().size() == 1
                            && names.getFirst().getValue() instanceof String name
                    ? Optional.of(name)
                    : Optional.empty();
        } catch (InvalidNameException e) {
            return Optional.empty();
        }
    }
}
