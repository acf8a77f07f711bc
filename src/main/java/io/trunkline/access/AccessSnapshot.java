package io.trunkline.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** All tokens, roles and rules as they were in one version. */
final class AccessSnapshot {
    private static final int MOST_CALLERS = 10_000;

    private final long version;
    private final Map<String, StoredToken> tokens;
    private final Map<String, Set<String>> rolesOfPrincipals;
    private final Map<String, List<Rights.Grant>> ofPrincipals;
    private final Map<String, List<Rights.Grant>> ofRoles;
    private final Cache<Principal, Rights> rights =
            Caffeine.newBuilder().maximumSize(MOST_CALLERS).build();

    /** A token that is not revoked. */
    record StoredToken(
            byte[] secretHash,
            Principal principal,
            @Nullable Instant expiresAt) {
        boolean isExpired(Instant now) {
            return expiresAt != null && !expiresAt.isAfter(now);
        }
    }

    AccessSnapshot(
            long version,
            Map<String, StoredToken> tokens,
            Map<String, Set<String>> rolesOfPrincipals,
            Map<String, List<Rights.Grant>> ofPrincipals,
            Map<String, List<Rights.Grant>> ofRoles) {
        this.version = version;
        this.tokens = Map.copyOf(tokens);
        this.rolesOfPrincipals = Map.copyOf(rolesOfPrincipals);
        this.ofPrincipals = Map.copyOf(ofPrincipals);
        this.ofRoles = Map.copyOf(ofRoles);
    }

    long version() {
        return version;
    }

    Optional<StoredToken> token(String id) {
        return Optional.ofNullable(tokens.get(id));
    }

    Rights rights(Principal principal) {
        return rights.get(principal, this::resolve);
    }

    Set<String> roles(Principal principal) {
        Set<String> roles = new HashSet<>(principal.roles());
        roles.addAll(rolesOfPrincipals.getOrDefault(principal.name(), Set.of()));
        return roles;
    }

    private Rights resolve(Principal principal) {
        Set<String> roles = roles(principal);
        List<Rights.Grant> grants = new ArrayList<>(ofPrincipals.getOrDefault(principal.name(), List.of()));
        for (String role : roles) {
            grants.addAll(ofRoles.getOrDefault(role, List.of()));
            BuiltInRole.of(role)
                    .ifPresent(known -> known.grants()
                            .forEach(grant ->
                                    grants.add(new Rights.Grant(grant.right(), grant.resource(), NamePattern.ALL))));
        }
        return new Rights(principal.name(), grants, roles.contains(BuiltInRole.ADMIN.text()));
    }
}
