package io.trunkline.access;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Rules, which administrators list, create and delete. What changes them takes the token of an administrator, which PostgreSQL
 * checks itself: it fails with {@code ACCESS_DENIED} for any other. Calls return at once.
 */
@ApplicationScoped
public class Rules {
    private final Access access;
    private final RuleStore store;

    Rules(Access access, RuleStore store) {
        this.access = access;
        this.store = store;
    }

    /** All rules, oldest first. */
    public CompletableFuture<List<StoredRule>> list() {
        return access.call(store::list);
    }

    /**
     * Creates a rule, by which this replica goes at once; completes with the rule that says the same, where there is one. Fails
     * with {@code ACCESS_LIMIT_REACHED} where there are too many.
     */
    public CompletableFuture<StoredRule> create(ApiToken administrator, Rule rule) {
        return access.call(() -> {
                    long id = store.create(administrator, rule);
                    return store.find(id).orElseThrow(Rules::notFound);
                })
                .thenCompose(created -> access.latest().handle((now, failure) -> created));
    }

    /** Deletes a rule: this replica forgets it at once, others within a second. Fails with {@code RULE_NOT_FOUND}. */
    public CompletableFuture<Void> delete(ApiToken administrator, long id) {
        return access.call(() -> store.delete(administrator, id))
                .thenCompose(found -> found
                        ? access.latest().<Void>handle((now, failure) -> null)
                        : CompletableFuture.failedFuture(notFound()));
    }

    /** There is no such rule. */
    public static TrunklineException notFound() {
        return new TrunklineException(ErrorCode.RULE_NOT_FOUND, "There is no rule of this id.");
    }
}
