package io.trunkline.error;

/**
 * Why a call failed: a closed, stable list that clients may rely on. Each edge maps every code to its protocol in one
 * exhaustive switch.
 */
public enum ErrorCode {
    /** The body is not JSON, or not UTF-8. */
    INVALID_JSON,
    /** The body is JSON, but not of the shape that the operation takes. */
    INVALID_REQUEST,
    /** A path or query parameter is not of its form or out of its range. */
    INVALID_PARAMETER,
    /** The request is meant as a CloudEvent, or some, and is none. */
    INVALID_EVENT,
    /** The cursor of a stream is damaged, or that of something else. */
    INVALID_CURSOR,
    /** A record's key, value, header or timestamp does not fit the format of the request. */
    INVALID_RECORD,
    /** The topic name breaks the rules for names. */
    INVALID_TOPIC,
    /** The partition count, or the replication factor, is out of its range, or fewer than there are. */
    INVALID_PARTITIONS,
    /** A topic configuration is unknown or its value is not legal. */
    INVALID_CONFIG,
    /** The name of a consumer group breaks the rules for names. */
    INVALID_GROUP,
    /** An option of a consumer has a value that is not legal. */
    INVALID_CONSUMER_CONFIG,
    /** A subscription names no topics, an illegal topic, or a pattern that cannot be understood or is too large. */
    INVALID_SUBSCRIPTION,
    /** A text in the body holds half a surrogate pair, or U+0000, which PostgreSQL cannot store. */
    INVALID_TEXT,
    /** No operation has this path. */
    PATH_NOT_FOUND,
    /** The path exists, but not with this method. */
    METHOD_NOT_ALLOWED,
    /** The request line is too long. */
    URI_TOO_LONG,
    /** The headers of the request are too large. */
    HEADERS_TOO_LARGE,
    /** The request names a host under which the service is not to be addressed. */
    HOST_NOT_ALLOWED,
    /** None of the representations that the client accepts can be given. */
    NOT_ACCEPTABLE,
    /** The body's media type is none that the operation takes. */
    UNSUPPORTED_MEDIA_TYPE,
    /** The topic does not exist. */
    TOPIC_NOT_FOUND,
    /** The topic has no such partition. */
    PARTITION_NOT_FOUND,
    /** The consumer group does not exist. */
    GROUP_NOT_FOUND,
    /** The group has no such consumer, or has removed it because it was silent for too long. */
    CONSUMER_NOT_FOUND,
    /** The consumer does not have this partition. */
    PARTITION_NOT_ASSIGNED,
    /** The request body did not come in time. */
    REQUEST_TIMEOUT,
    /** A topic of this name exists. */
    TOPIC_ALREADY_EXISTS,
    /** The group has a consumer of this name. */
    CONSUMER_ALREADY_EXISTS,
    /** The group has as many consumers as it may have. */
    GROUP_FULL,
    /** There are as many topics as there may be. */
    TOPIC_LIMIT_REACHED,
    /** All topics together have as many partitions as they may have. */
    PARTITION_LIMIT_REACHED,
    /** There are as many consumer groups as there may be. */
    GROUP_LIMIT_REACHED,
    /** The group has consumers, with which this cannot be done. */
    GROUP_NOT_EMPTY,
    /** A consumer reads topics by name, by pattern, or partitions assigned by hand: only one of them at a time. */
    SUBSCRIPTION_CONFLICT,
    /** The consumer reads nothing yet. */
    NOT_SUBSCRIBED,
    /** Nothing is committed, and the consumer does not say where to begin; or there is no offset that could be shifted. */
    NO_OFFSET,
    /** Another consumer of the group has a partition that this one commits, so that nothing was committed. */
    COMMIT_FENCED,
    /** A batch neither continues the sequence of its idempotent producer nor is one of its last five; nothing was written. */
    OUT_OF_ORDER_SEQUENCE,
    /** A batch of an idempotent producer has an older epoch than the producer; nothing was written. */
    PRODUCER_FENCED,
    /** The partition does not have the end offset that the request needs; nothing was written. */
    END_OFFSET_MOVED,
    /** The idempotency key belongs to another request; nothing was written. */
    IDEMPOTENCY_KEY_REUSED,
    /** The request body is over the limit. */
    BODY_TOO_LARGE,
    /** The record is over the topic's {@code max.message.bytes}. */
    RECORD_TOO_LARGE,
    /** The offset is below the log start or beyond the end. */
    OFFSET_OUT_OF_RANGE,
    /** The operation is for known clients, and the request has no credentials, or none that are valid. */
    AUTHENTICATION_REQUIRED,
    /** The rules do not allow the client this operation on this topic, group or cluster. */
    ACCESS_DENIED,
    /** Several attempts of the client's address to prove who it is have failed; others are refused for a moment. */
    TOO_MANY_ATTEMPTS,
    /** A quota of the client is used up for now. */
    QUOTA_EXCEEDED,
    /** There is no token of this id. */
    TOKEN_NOT_FOUND,
    /** There is no rule of this id. */
    RULE_NOT_FOUND,
    /** The token or rule that is to be created has a part that is not legal. */
    INVALID_ACCESS,
    /** There are as many tokens, or rules, as there may be. */
    ACCESS_LIMIT_REACHED,
    /** The role that the service runs as lacks a right in PostgreSQL that the operation needs. */
    DATABASE_PERMISSION_MISSING,
    /** CORS does not allow the origin, or the method, of a browser's request. */
    ORIGIN_NOT_ALLOWED,
    /** A request by the cookie of a browser's session lacks the header that proves that the console's scripts have made it. */
    CONSOLE_HEADER_MISSING,
    /** The console of this replica only shows things. */
    CONSOLE_READ_ONLY,
    /** No login is under way in the browser, or another one than that which the provider answers. */
    LOGIN_EXPIRED,
    /** The OpenID provider does not let somebody log in, or takes its code for used or wrong. */
    LOGIN_REFUSED,
    /** The OpenID provider cannot be reached, or is not one. */
    PROVIDER_UNAVAILABLE,
    /** The token is larger than a browser keeps. */
    TOKEN_TOO_LARGE,
    /** The replica does not let clients create, change or delete topics, or delete records. */
    ADMINISTRATION_DISABLED,
    /** A queue or a pool is full; nothing was done, and the call may be repeated. */
    OVERLOADED,
    /** The replica is being stopped: the stream goes on at another one. */
    REPLICA_STOPPING,
    /** PostgreSQL cannot be reached; nothing was done, and the call may be repeated. */
    DATABASE_UNAVAILABLE,
    /** PostgreSQL answers, but takes no writes: it is a standby, or read-only. Nothing was done. */
    DATABASE_READ_ONLY,
    /** PostgreSQL's disk is full; nothing was done. */
    STORAGE_FULL,
    /** The log has no slice to write to; nothing was written. */
    SLICE_MISSING,
    /** The connection was lost while a write was under way: it may or may not have been done, or only a part of it. */
    OUTCOME_UNKNOWN,
    /** A fault of the service; the log has the details. */
    INTERNAL
}
