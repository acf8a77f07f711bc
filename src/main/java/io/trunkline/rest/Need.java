package io.trunkline.rest;

import io.trunkline.access.Right;
import io.trunkline.access.Rights;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.group.GroupCoordinator;
import io.trunkline.group.GroupName;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;

/** What a caller needs for an operation, as far as the path of a request tells. */
enum Need {
    /** Not even credentials. */
    NOTHING("nothing"),
    /** Credentials; the response has only what the caller may see. */
    CREDENTIALS("credentials"),
    /** The role of administrators. */
    ADMINISTRATOR("the role admin"),
    /** Any right on the topic. */
    SEE_TOPIC("any right on the topic"),
    READ_TOPIC("read on the topic"),
    WRITE_TOPIC("write on the topic"),
    MANAGE_TOPIC("manage on the topic"),
    /** The body names the topic: the path tells only whether the caller may manage any. */
    CREATE_TOPIC("manage on the topic"),
    /** Any right on the group. */
    SEE_GROUP("any right on the group"),
    USE_GROUP("use on the group"),
    MANAGE_GROUP("manage on the group"),
    /** The group need not exist. */
    CREATE_CONSUMER("use on the group"),
    /** Whether the consumer is the caller's own shows later. */
    OWN_CONSUMER("use on the group, own consumer"),
    DELETE_CONSUMER("use on the group, own consumer; or manage on the group");

    private final String text;

    Need(String text) {
        this.text = text;
    }

    /** As the documentation puts it. */
    String text() {
        return text;
    }

    /**
     * Sees to it that a caller has what it needs.
     *
     * @param name of the topic or group that the path names; empty without one
     * @throws TrunklineException that of something that does not exist for what the caller may not see, else
     *     {@code ACCESS_DENIED}
     */
    void check(Caller caller, String name) {
        Rights rights = caller.rights();
        switch (this) {
            case NOTHING, CREDENTIALS -> {}
            case ADMINISTRATOR -> caller.checkAdministrator();
            case SEE_TOPIC -> {
                TopicName topic = Parameters.topic(name);
                if (!rights.seesTopic(topic.value())) {
                    throw Topics.notFound(topic);
                }
            }
            case READ_TOPIC -> topic(rights, name, Right.READ);
            case WRITE_TOPIC -> topic(rights, name, Right.WRITE);
            case MANAGE_TOPIC -> topic(rights, name, Right.MANAGE);
            case CREATE_TOPIC -> {
                if (!rights.onAnyTopic(Right.MANAGE)) {
                    throw Caller.denied(Right.MANAGE, "the topic");
                }
            }
            case SEE_GROUP -> seesGroup(rights, name);
            case USE_GROUP -> group(rights, name, Right.USE);
            case MANAGE_GROUP -> group(rights, name, Right.MANAGE);
            case CREATE_CONSUMER -> {
                if (!rights.onGroup(name, Right.USE)) {
                    throw Caller.denied(Right.USE, "the group");
                }
            }
            case OWN_CONSUMER -> consumer(rights, name, rights.onGroup(name, Right.USE));
            case DELETE_CONSUMER ->
                consumer(rights, name, rights.onGroup(name, Right.USE) || rights.onGroup(name, Right.MANAGE));
        }
    }

    private static void topic(Rights rights, String name, Right right) {
        TopicName topic = Parameters.topic(name);
        if (!rights.onTopic(name, right)) {
            throw rights.seesTopic(name) ? Caller.denied(right, "topic " + topic) : Topics.notFound(topic);
        }
    }

    private static GroupName seesGroup(Rights rights, String name) {
        GroupName group = Parameters.group(name, ErrorCode.GROUP_NOT_FOUND);
        if (!rights.seesGroup(name)) {
            throw GroupCoordinator.notFound(group);
        }
        return group;
    }

    private static void group(Rights rights, String name, Right right) {
        GroupName group = seesGroup(rights, name);
        if (!rights.onGroup(name, right)) {
            throw Caller.denied(right, "group " + group);
        }
    }

    private static void consumer(Rights rights, String name, boolean may) {
        if (!may) {
            throw rights.seesGroup(name) ? Caller.denied(Right.USE, "the group") : GroupCoordinator.consumerNotFound();
        }
    }
}
