package io.trunkline.access;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jboss.logging.Logger;
import org.jose4j.jwa.AlgorithmConstraints.ConstraintType;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.jwt.consumer.JwtContext;
import org.jose4j.keys.resolvers.JwksVerificationKeyResolver;
import org.jose4j.lang.JoseException;
import org.jspecify.annotations.Nullable;

/**
 * The provider's public keys in a mounted file (RFC 7517), which is read again when it has changed; it is looked at once a second.
 * While a changed file cannot be read, the keys before it count.
 */
final class KeyFile implements SignatureCheck {
    private static final Logger LOG = Logger.getLogger(KeyFile.class);
    private static final Duration LOOKED_AT_EVERY = Duration.ofSeconds(1);
    private static final int MOST_BYTES = 1 << 20;

    private final Path file;
    private final String[] algorithms;
    private final Clock clock;
    private volatile @Nullable Loaded loaded;
    /** Guarded by this. */
    private Instant lookedAt = Instant.EPOCH;

    private @Nullable Version refused;

    KeyFile(Path file, String[] algorithms, Clock clock) {
        this.file = file;
        this.algorithms = algorithms;
        this.clock = clock;
    }

    /** What tells one content from another. Kubernetes changes what the path links to, and so the inode. */
    private record Version(
            FileTime modified, long size, @Nullable Object inode) {
        static Version of(Path file) throws IOException {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Version(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
        }
    }

    private record Loaded(Version version, List<JsonWebKey> keys) {}

    /** Whether there are keys. */
    boolean isReadable() {
        look();
        return loaded != null;
    }

    @Override
    public CompletableFuture<Outcome> check(JwtContext token) {
        look();
        Loaded current = loaded;
        return CompletableFuture.completedFuture(
                current == null
                        ? Outcome.UNKNOWN
                        : isSigned(token, current.keys()) ? Outcome.SIGNED : Outcome.NOT_SIGNED);
    }

    private boolean isSigned(JwtContext token, List<JsonWebKey> keys) {
        JwksVerificationKeyResolver resolver = new JwksVerificationKeyResolver(keys);
        resolver.setDisambiguateWithVerifySignature(true);
        try {
            new JwtConsumerBuilder()
                    .setVerificationKeyResolver(resolver)
                    .setJwsAlgorithmConstraints(ConstraintType.PERMIT, algorithms)
                    .setSkipAllValidators()
                    .build()
                    .processContext(token);
            return true;
        } catch (InvalidJwtException e) {
            return false;
        }
    }

    private synchronized void look() {
        Instant now = clock.instant();
        if (!now.isBefore(lookedAt) && now.isBefore(lookedAt.plus(LOOKED_AT_EVERY))) {
            return;
        }
        lookedAt = now;
        Version version = null;
        try {
            version = Version.of(file);
            Loaded known = loaded;
            if (known != null && known.version().equals(version) || version.equals(refused)) {
                return;
            }
            loaded = new Loaded(version, read());
            refused = null;
            LOG.infof("The keys of the OpenID provider have been read file=%s", file);
        } catch (IOException | JoseException e) {
            refused = version;
            LOG.errorf("The keys of the OpenID provider cannot be read file=%s: %s", file, e.getMessage());
        }
    }

    /** Public keys only: a secret in the file is not one with which a token can be checked here. */
    private List<JsonWebKey> read() throws IOException, JoseException {
        if (Files.size(file) > MOST_BYTES) {
            throw new IOException("the file is larger than 1 MiB");
        }
        List<JsonWebKey> keys = new JsonWebKeySet(Files.readString(file, StandardCharsets.UTF_8))
                .getJsonWebKeys().stream()
                        .filter(PublicJsonWebKey.class::isInstance)
                        .toList();
        if (keys.isEmpty()) {
            throw new IOException("the file has no public key");
        }
        return keys;
    }
}
