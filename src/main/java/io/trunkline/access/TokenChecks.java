package io.trunkline.access;

import io.trunkline.access.OidcConfig.Algorithm;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.MalformedClaimException;
import org.jose4j.jwt.NumericDate;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.jwt.consumer.JwtContext;
import org.jose4j.jwx.JsonWebStructure;
import org.jspecify.annotations.Nullable;

/**
 * Everything about a token but its signature (RFC 7519, RFC 8725): its form, its algorithm, for whom and until when it is, and
 * whom it names. All of that is looked at first, so that a token that fails here costs no signature check and no call to the provider.
 */
final class TokenChecks {
    /** Larger ones are not looked at; a request has room for 16 KiB of headers. */
    static final int MOST_LENGTH = 8 * 1024;

    private static final int MOST_KEY_ID_LENGTH = 256;
    private static final int MOST_ROLES = 100;

    private final String issuer;
    private final String[] audience;
    private final Set<String> algorithms;
    private final Duration clockSkew;
    private final String principalClaim;
    private final String principalPrefix;
    private final List<String> rolesClaims;
    private final Clock clock;

    TokenChecks(OidcConfig config, Clock clock) {
        issuer = config.issuer().orElseThrow();
        audience = config.audience().orElseThrow().toArray(String[]::new);
        algorithms = new LinkedHashSet<>(
                config.algorithms().stream().map(Algorithm::name).toList());
        clockSkew = config.clockSkew();
        principalClaim = config.principalClaim();
        principalPrefix = config.principalPrefix().orElse("");
        rolesClaims = config.rolesClaims().orElse(List.of());
        this.clock = clock;
    }

    /**
     * A token whose signature has not been checked.
     *
     * @param context what jose4j has read
     * @param principal whom it names
     * @param expiresAt when it expires, the difference of clocks included
     */
    record Unverified(JwtContext context, Principal principal, Instant expiresAt) {}

    /** Reads a token; empty where it cannot be valid, whatever its signature is. */
    Optional<Unverified> read(String token) {
        if (token.length() > MOST_LENGTH || token.chars().filter(c -> c == '.').count() != 2) {
            return Optional.empty();
        }
        try {
            JwtContext context = new JwtConsumerBuilder()
                    .setSkipSignatureVerification()
                    .setEvaluationTime(NumericDate.fromMilliseconds(clock.millis()))
                    .setAllowedClockSkewInSeconds((int) clockSkew.toSeconds())
                    .setRequireExpirationTime()
                    .setRequireIssuedAt()
                    .setIssuedAtRestrictions(0, Integer.MAX_VALUE)
                    .setExpectedIssuer(true, issuer)
                    .setExpectedAudience(true, audience)
                    .build()
                    .process(token);
            if (context.getJoseObjects().size() != 1
                    || !hasUsableHeader(context.getJoseObjects().getFirst())) {
                return Optional.empty();
            }
            JwtClaims claims = context.getJwtClaims();
            if (!isForServices(claims)) {
                return Optional.empty();
            }
            Instant expires = Instant.ofEpochMilli(claims.getExpirationTime().getValueInMillis())
                    .plus(clockSkew);
            return principal(claims).map(principal -> new Unverified(context, principal, expires));
        } catch (InvalidJwtException | MalformedClaimException e) {
            return Optional.empty();
        }
    }

    /** Whether a token, whose signature has been checked, comes of a login of this client. */
    boolean isOfLogin(String token, String clientId, String nonce) {
        return read(token)
                .map(valid -> valid.context().getJwtClaims())
                .filter(claims -> {
                    Object party = claims.getClaimValue("azp");
                    try {
                        return claims.getAudience().contains(clientId)
                                && (party == null || party.equals(clientId))
                                && claims.getClaimValue("nonce") instanceof String repeated
                                && MessageDigest.isEqual(
                                        repeated.getBytes(StandardCharsets.UTF_8),
                                        nonce.getBytes(StandardCharsets.UTF_8));
                    } catch (MalformedClaimException e) {
                        return false;
                    }
                })
                .isPresent();
    }

    /** The algorithms in the form of jose4j. */
    String[] algorithms() {
        return algorithms.toArray(String[]::new);
    }

    private boolean hasUsableHeader(JsonWebStructure token) {
        String key = token.getKeyIdHeaderValue();
        return algorithms.contains(String.valueOf(token.getAlgorithmHeaderValue()))
                && (key == null || key.length() <= MOST_KEY_ID_LENGTH);
    }

    /** Keycloak issues refresh tokens of the same form, which are for itself only. */
    private static boolean isForServices(JwtClaims claims) throws MalformedClaimException {
        String type = claims.getStringClaimValue("typ");
        String subject = claims.getSubject();
        return !"Refresh".equals(type) && (subject == null || !subject.isEmpty());
    }

    private Optional<Principal> principal(JwtClaims claims) {
        if (!(claim(claims, principalClaim) instanceof String name) || name.isEmpty()) {
            return Optional.empty();
        }
        String whole = principalPrefix + name;
        return Principal.isLegalName(whole) ? Optional.of(new Principal(whole, roles(claims))) : Optional.empty();
    }

    /** Those that can be roles here: groups of other kinds may have other names. */
    private Set<String> roles(JwtClaims claims) {
        List<String> roles = new ArrayList<>();
        for (String name : rolesClaims) {
            switch (claim(claims, name)) {
                case Collection<?> several -> several.forEach(one -> roles.add(String.valueOf(one)));
                case String one -> roles.addAll(List.of(one.split(" ")));
                case null, default -> {}
            }
        }
        return Set.copyOf(roles.stream()
                .filter(Principal::isLegalRole)
                .distinct()
                .limit(MOST_ROLES)
                .toList());
    }

    /** A claim by its name, which may have slashes, or else by its path. */
    private static @Nullable Object claim(JwtClaims claims, String path) {
        Object whole = claims.getClaimValue(path);
        if (whole != null) {
            return whole;
        }
        Object found = claims.getClaimsMap();
        for (String name : path.split("/")) {
            found = found instanceof Map<?, ?> object ? object.get(name) : null;
        }
        return found;
    }
}
