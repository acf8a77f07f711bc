package io.trunkline.ops;

import io.quarkus.arc.Unremovable;
import io.quarkus.oidc.common.OidcEndpoint;
import io.quarkus.oidc.common.OidcRequestFilter;
import io.smallrye.mutiny.Uni;
import io.trunkline.access.OidcConfig;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jboss.logging.Logger;

/**
 * Shows an OpenID provider who the service is when the service fetches the provider's configuration and keys, with a bearer token
 * from a file. Kubernetes' API server requires that, with the token that is mounted in every pod and replaced every hour: the file
 * is read each time.
 */
@Singleton
@Unremovable
@OidcEndpoint({OidcEndpoint.Type.DISCOVERY, OidcEndpoint.Type.JWKS})
class ProviderToken implements OidcRequestFilter {
    private static final Logger LOG = Logger.getLogger(ProviderToken.class);

    private final OidcConfig config;

    ProviderToken(OidcConfig config) {
        this.config = config;
    }

    @Override
    public Uni<Void> filter(OidcRequestFilterContext context) {
        return config.tokenFile()
                .map(file -> context.runBlocking(() -> show(context, file)))
                .orElseGet(Uni.createFrom()::voidItem);
    }

    private static void show(OidcRequestFilterContext context, Path file) {
        try {
            context.request()
                    .putHeader(
                            "Authorization", "Bearer " + Files.readString(file).strip());
        } catch (IOException e) {
            LOG.errorf("The token for the OpenID provider cannot be read file=%s: %s", file, e.getMessage());
        }
    }
}
