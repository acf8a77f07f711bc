package io.trunkline.command;

import io.trunkline.access.ApiToken;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The first token of an installation on Kubernetes: an administrator's, in a Secret. The Secret comes first, so that a token that
 * was created is never lost; whatever fails after it, the next attempt goes on with the token in the Secret. A Secret that
 * somebody else has made is taken just the same. None is created where there is an administrator: whoever keeps the token elsewhere
 * and deletes the Secret must not get another token.
 */
final class AdminToken {
    static final String PRINCIPAL = "admin";
    /** Under which the Secret has the token. */
    static final String KEY = "token";
    /** Under which it has the time of its creation, which a backup keeps: the metadata of a restored Secret has another. */
    static final String CREATED = "created";

    private static final String ROLE = "admin";
    /**
     * The database forgets a token 30 days after it was revoked. So what it does not know and is younger has never been there, and
     * what is older may have been revoked.
     */
    private static final Duration REMEMBERED = Duration.ofDays(30);

    private final KubernetesSecrets secrets;
    private final OwnerStore store;
    private final Clock clock;

    AdminToken(KubernetesSecrets secrets, OwnerStore store, Clock clock) {
        this.secrets = secrets;
        this.store = store;
        this.clock = clock;
    }

    /** Sees to it that there is a Secret of this name with a token that the database knows; answers what was done. */
    String keepIn(String name) {
        Optional<KubernetesSecrets.Secret> found = secrets.get(name);
        if (found.isEmpty()) {
            Optional<String> administrator = administrator();
            if (administrator.isPresent()) {
                return "There is no Secret " + name + ", and none was created: the database has an administrator, "
                        + administrator.get() + ". The command token create creates another token.";
            }
            ApiToken token = ApiToken.random(new SecureRandom());
            String now = clock.instant().toString();
            if (secrets.create(name, Map.of("principal", PRINCIPAL, KEY, token.reveal(), CREATED, now))) {
                add(token, name);
                return "The Secret " + name + " has the first token of an administrator.";
            }
            found = secrets.get(name);
        }
        KubernetesSecrets.Secret secret = found.orElseThrow(
                () -> new CommandException("The Secret " + name + " was created and deleted by others meanwhile."));
        ApiToken token = Optional.ofNullable(secret.data().get(KEY))
                .map(String::strip)
                .flatMap(ApiToken::parse)
                .orElseThrow(() -> new CommandException("The Secret " + name + " holds no API token under the key "
                        + KEY + ", tl_<id>_<secret>: delete it, or give it one."));
        if (store.tokens().stream().anyMatch(known -> known.id().equals(token.id()))) {
            return "The Secret " + name + " is there, and the database knows its token.";
        }
        if (created(secret, name).isBefore(clock.instant().minus(REMEMBERED))) {
            return "The Secret " + name
                    + " has a token that the database does not know, or that was revoked long ago. Delete the"
                    + " Secret and run this again: it creates a new one if the database has no administrator.";
        }
        add(token, name);
        return "The token of the Secret " + name + " was added.";
    }

    /** The token or the principal that has the role, if there is one. */
    private Optional<String> administrator() {
        return store.tokens().stream()
                .filter(token -> token.state() == StoredToken.State.VALID
                        && token.roles().contains(ROLE))
                .map(token -> "by the token " + token.id())
                .findFirst()
                .or(() -> store.roles().stream()
                        .filter(role -> role.role().equals(ROLE))
                        .map(role -> "the principal " + role.principal())
                        .findFirst());
    }

    private static Instant created(KubernetesSecrets.Secret secret, String name) {
        String written = secret.data().get(CREATED);
        if (written == null) {
            return secret.created();
        }
        try {
            Instant created = Instant.parse(written.strip());
            return created.isBefore(secret.created()) ? created : secret.created();
        } catch (DateTimeParseException e) {
            throw new CommandException(
                    "The Secret " + name + " holds no time such as 2030-01-31T12:00:00Z under the key " + CREATED + ".",
                    e);
        }
    }

    private void add(ApiToken token, String secret) {
        store.addToken(token, PRINCIPAL, List.of(ROLE), "The first token, of the Secret " + secret, null);
    }
}
