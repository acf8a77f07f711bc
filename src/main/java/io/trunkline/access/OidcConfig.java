package io.trunkline.access;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Bearer tokens of an OpenID provider. */
@ConfigMapping(prefix = "trunkline.access.oidc")
public interface OidcConfig {
    /**
     * The issuer of the tokens that the service accepts, exactly as their claim {@code iss} has it. Without it the service
     * accepts no tokens of a provider.
     */
    Optional<String> issuer();

    /** The audiences that the service is: a token must be meant for one of them. Required where there is an issuer. */
    Optional<List<String>> audience();

    /** Where the provider is, if not at the address that the issuer is: the service appends {@code /.well-known/openid-configuration}. */
    Optional<String> serverUrl();

    /**
     * A file with the provider's public keys, a JSON Web Key Set. The service reads it again when it changes, and then never
     * connects to the provider, but for logins.
     */
    Optional<Path> jwksFile();

    /**
     * The signature algorithms that the service accepts: {@code RS256}, {@code RS384}, {@code RS512}, {@code PS256}, {@code PS384},
     * {@code PS512}, {@code ES256}, {@code ES384} or {@code ES512}.
     */
    @WithDefault("RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,ES512")
    List<Algorithm> algorithms();

    /** How far the clocks of the provider and the service may differ, at most 5 minutes. */
    @WithDefault("30s")
    Duration clockSkew();

    /** The claim that names the principal; {@code /} leads into an object. */
    @WithDefault("sub")
    String principalClaim();

    /** What the service puts before the names of principals, to keep them apart from those of API tokens and certificates. */
    Optional<String> principalPrefix();

    /**
     * The claims that list roles, such as {@code groups} or {@code realm_access/roles}; {@code /} leads into an object. A role
     * {@code admin}, {@code writer} or {@code reader} in one of them is the built-in role. Tokens bring no roles if absent.
     */
    Optional<List<String>> rolesClaims();

    /** A file with a bearer token that the service sends to the provider, which Kubernetes' API server requires. */
    Optional<Path> tokenFile();

    /** The name of a configuration {@code quarkus.tls.<name>.*} for connections to the provider, such as its certificate authority. */
    Optional<String> tlsConfigurationName();

    /** Logins of people in the console. */
    Login login();

    /** Logins by the authorization code flow. */
    interface Login {
        /**
         * The name of the client that the service is at the provider. With it, people can log in to the console there. The
         * provider needs the address {@code /session/callback} of the service as redirect URI, and
         * {@code trunkline.access.oidc.audience} must list this name, since it is the audience of the tokens of such people.
         */
        Optional<String> clientId();

        /** The secret of that client. Without it the client is a public one, which PKCE protects. */
        Optional<String> clientSecret();

        /** What the service asks for; {@code openid} is required. A provider may put roles into its tokens for another one only. */
        @WithDefault("openid")
        List<String> scopes();

        /**
         * Where browsers reach the service, such as {@code https://trunkline.example.org}. If absent, it is where a request says
         * it goes, or what a proxy says that the service trusts.
         */
        Optional<String> url();
    }

    /** Signatures that only the holder of a private key can make. */
    enum Algorithm {
        RS256,
        RS384,
        RS512,
        PS256,
        PS384,
        PS512,
        ES256,
        ES384,
        ES512
    }
}
