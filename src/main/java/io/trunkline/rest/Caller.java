package io.trunkline.rest;

import io.trunkline.access.ApiToken;
import io.trunkline.access.Principal;
import io.trunkline.access.Right;
import io.trunkline.access.Rights;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import io.vertx.ext.web.RoutingContext;
import java.util.Collection;
import java.util.Optional;

/**
 * Who makes a request, and what it may do.
 *
 * @param principal empty where there is no access control, and for the operations that need no credentials
 * @param token the API token that proves who it is, where one does
 */
record Caller(Optional<Principal> principal, Rights rights, Optional<ApiToken> token) {
    private static final String KEY = Caller.class.getName();
    /** Where there is no access control. */
    private static final Caller ANYBODY = new Caller(Optional.empty(), Rights.ALL, Optional.empty());

    /** Somebody who has not proven anything. */
    static final Caller NOBODY = new Caller(Optional.empty(), Rights.NONE, Optional.empty());

    /** Who makes a request; somebody who may do everything where no filter asks who it is. */
    static Caller of(RoutingContext context) {
        Caller caller = context.get(KEY);
        return caller == null ? ANYBODY : caller;
    }

    void isThatOf(RoutingContext context) {
        context.put(KEY, this);
    }

    /** Whether there is access control at all. */
    boolean isBound() {
        return rights != Rights.ALL;
    }

    boolean has(TopicName topic, Right right) {
        return !isBound() || rights.onTopic(topic.value(), right);
    }

    boolean sees(TopicName topic) {
        return !isBound() || rights.seesTopic(topic.value());
    }

    /**
     * Sees to it that the caller has a right on a topic.
     *
     * @throws TrunklineException {@code TOPIC_NOT_FOUND} for one that does not exist for the caller, else {@code ACCESS_DENIED}
     */
    void check(TopicName topic, Right right) {
        if (!has(topic, right)) {
            throw sees(topic) ? denied(right, "topic " + topic) : Topics.notFound(topic);
        }
    }

    /** As {@link #check(TopicName, Right)}, for all of the topics. */
    void check(Collection<TopicName> topics, Right right) {
        topics.forEach(topic -> check(topic, right));
    }

    /**
     * Sees to it that the caller may create a topic, whether or not it exists.
     *
     * @throws TrunklineException {@code ACCESS_DENIED}
     */
    void checkCreation(TopicName topic) {
        if (!has(topic, Right.MANAGE)) {
            throw denied(Right.MANAGE, "topic " + topic);
        }
    }

    static TrunklineException denied(Right right, String what) {
        return new TrunklineException(
                ErrorCode.ACCESS_DENIED,
                "This needs the right " + right.text() + " on " + what + "; nothing was done.");
    }

    /**
     * Sees to it that the caller is an administrator, whom there are only where clients must prove who they are.
     *
     * @throws TrunklineException {@code ACCESS_DENIED}
     */
    void checkAdministrator() {
        if (!rights.isAdministrator()) {
            throw new TrunklineException(
                    ErrorCode.ACCESS_DENIED,
                    isBound()
                            ? "This needs the role admin; nothing was done."
                            : "This needs the role admin, which nobody has without access control (trunkline.access.mode); use"
                                    + " the program's commands.");
        }
    }

    /**
     * The API token of an administrator, with which PostgreSQL lets tokens and rules be changed.
     *
     * @throws TrunklineException {@code ACCESS_DENIED} for anybody else, and for an administrator who shows something else
     */
    ApiToken administratorToken() {
        checkAdministrator();
        return token.orElseThrow(() -> new TrunklineException(
                ErrorCode.ACCESS_DENIED,
                "Tokens and rules are changed with an API token that has the role admin, or with the program's commands;"
                        + " nothing was done."));
    }
}
