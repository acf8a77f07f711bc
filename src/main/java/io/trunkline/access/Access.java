package io.trunkline.access;

import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.async.WorkerPool;
import io.trunkline.jdbc.ConnectionUser;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Who clients are by their API tokens, and what the rules let principals do. Decisions are at most a second old. Calls return at
 * once; where PostgreSQL cannot be asked they fail with {@code DATABASE_UNAVAILABLE} or {@code OVERLOADED}, and nobody is let in.
 */
@Singleton
public class Access implements ConnectionUser {
    private static final int QUEUE = 1_000;
    /** How old decisions are at most, and when what they go by is looked up again beside them. */
    private static final Duration FRESH = Duration.ofSeconds(1);

    private static final Duration AGING = FRESH.multipliedBy(3).dividedBy(4);
    private static final Duration USES_NOTED = Duration.ofMinutes(1);
    private static final int MOST_USES = 10_000;
    /** Compared where there is no token of a name, which then takes as long. */
    private static final byte[] NO_HASH = new byte[32];

    /** Of {@link #epoch()}, where what counts is about to be looked up again. */
    public static final long STALE = -1;

    private static final AccessSnapshot NOTHING = new AccessSnapshot(0, Map.of(), Map.of(), Map.of(), Map.of());

    private final AccessConfig config;
    private final AccessStore store;
    private final Clock clock;
    private final WorkerPool pool = new WorkerPool("access", 1, QUEUE);
    /** Of its own, so that no decision waits for a write that is locked. */
    private final WorkerPool writes = new WorkerPool("access-writes", 1, QUEUE);

    private final Set<String> used = ConcurrentHashMap.newKeySet();
    private volatile long usesNotedAt = System.nanoTime();
    private volatile Loaded loaded = new Loaded(NOTHING, 0, System.nanoTime() - FRESH.toNanos());
    /** Guarded by this. */
    private @Nullable CompletableFuture<AccessSnapshot> loading;

    Access(AccessConfig config, AccessStore store, Clock clock) {
        this.config = config;
        this.store = store;
        this.clock = clock;
    }

    /** What was loaded, how many others were loaded before, and when that began, by the clock of {@link System#nanoTime}. */
    private record Loaded(AccessSnapshot snapshot, long epoch, long at) {
        Loaded next(AccessSnapshot latest, long since) {
            return new Loaded(latest, latest == snapshot ? epoch : epoch + 1, since);
        }
    }

    @Override
    public int connections() {
        return pool.threads() + writes.threads();
    }

    void stop(@Observes @Priority(10) ShutdownEvent event) {
        writes.close();
        pool.close();
    }

    /** Whether clients must prove who they are. */
    public boolean isRequired() {
        return config.mode().orElse(AccessConfig.Mode.NONE) == AccessConfig.Mode.REQUIRED;
    }

    /** The principal of a token; fails with {@code AUTHENTICATION_REQUIRED} for one that is unknown, expired or revoked alike. */
    public CompletableFuture<Principal> authenticate(ApiToken token) {
        return snapshot().thenApply(snapshot -> {
            Optional<AccessSnapshot.StoredToken> stored = snapshot.token(token.id());
            byte[] expected = stored.map(AccessSnapshot.StoredToken::secretHash).orElse(NO_HASH);
            boolean same = MessageDigest.isEqual(expected, token.secretHash());
            if (!same || stored.isEmpty() || stored.get().isExpired(clock.instant())) {
                throw Credentials.invalid();
            }
            noteUse(token.id());
            return stored.get().principal();
        });
    }

    /**
     * Names the state of all tokens and rules that decisions go by now: as long as it is the same number, they are the same, but for
     * what expires. {@link #STALE} where a decision has to look.
     */
    public long epoch() {
        Loaded now = loaded;
        return System.nanoTime() - now.at() < AGING.toNanos() ? now.epoch() : STALE;
    }

    /** Until when a token counts; empty where it is revoked, or has no end. */
    CompletableFuture<Optional<Instant>> expiry(ApiToken token) {
        return snapshot()
                .thenApply(snapshot ->
                        snapshot.token(token.id()).flatMap(stored -> Optional.ofNullable(stored.expiresAt())));
    }

    /** The roles that a principal has now, by its proof and by what the service gives to it; in order. */
    public CompletableFuture<List<String>> roles(Principal principal) {
        return snapshot().thenApply(snapshot -> List.copyOf(new TreeSet<>(snapshot.roles(principal))));
    }

    /** What a principal may do now. */
    public CompletableFuture<Rights> rights(Principal principal) {
        return snapshot().thenApply(snapshot -> snapshot.rights(principal));
    }

    /**
     * What principals may do, by rules that are looked up after this call: they are not older than anything that the caller has
     * read of PostgreSQL before. Everything, and no look, where there is no access control.
     */
    public CompletableFuture<Map<Principal, Rights>> latestRights(Set<Principal> principals) {
        if (!isRequired()) {
            return CompletableFuture.completedFuture(Map.of());
        }
        return latest().thenApply(snapshot -> {
            Map<Principal, Rights> rights = new HashMap<>();
            principals.forEach(principal -> rights.put(principal, snapshot.rights(principal)));
            return rights;
        });
    }

    /** What has been looked up after this call, so that this replica goes by what the caller has changed. */
    CompletableFuture<AccessSnapshot> latest() {
        CompletableFuture<AccessSnapshot> under;
        synchronized (this) {
            under = loading;
        }
        // A look that is under way may have begun too early.
        return under == null
                ? load()
                : under.handle((snapshot, failure) -> true).thenCompose(ended -> load());
    }

    /** Calls PostgreSQL for somebody who administers tokens and rules. */
    <T> CompletableFuture<T> call(Supplier<T> work) {
        return writes.call(work);
    }

    private CompletableFuture<AccessSnapshot> snapshot() {
        Loaded now = loaded;
        long age = System.nanoTime() - now.at();
        if (age < AGING.toNanos()) {
            return CompletableFuture.completedFuture(now.snapshot());
        }
        CompletableFuture<AccessSnapshot> next = load();
        return age < FRESH.toNanos() ? CompletableFuture.completedFuture(now.snapshot()) : next;
    }

    private synchronized CompletableFuture<AccessSnapshot> load() {
        if (loading != null) {
            return loading;
        }
        long at = System.nanoTime();
        AccessSnapshot known = loaded.snapshot();
        CompletableFuture<AccessSnapshot> next = pool.call(
                        () -> store.newerThan(known.version()).orElse(known))
                .whenComplete((snapshot, failure) -> loaded(snapshot, at));
        loading = next.isDone() ? null : next;
        return next;
    }

    private synchronized void loaded(@Nullable AccessSnapshot snapshot, long at) {
        if (snapshot != null) {
            loaded = loaded.next(snapshot, at);
        }
        loading = null;
    }

    private void noteUse(String tokenId) {
        if (used.size() < MOST_USES) {
            used.add(tokenId);
        }
        long now = System.nanoTime();
        if (now - usesNotedAt >= USES_NOTED.toNanos() && claimNote(now)) {
            Set<String> ids = new HashSet<>(used);
            used.removeAll(ids);
            writes.call(() -> {
                store.noteUses(ids);
                return ids.size();
            });
        }
    }

    private synchronized boolean claimNote(long now) {
        boolean due = now - usesNotedAt >= USES_NOTED.toNanos();
        if (due) {
            usesNotedAt = now;
        }
        return due;
    }
}
