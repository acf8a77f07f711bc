package io.trunkline.rest;

import io.trunkline.error.ErrorCode;

/** The HTTP status of each code: the only place where statuses are chosen. */
final class ErrorStatus {
    private ErrorStatus() {}

    static int of(ErrorCode code) {
        return switch (code) {
            case INVALID_JSON, INVALID_REQUEST, INVALID_PARAMETER, INVALID_EVENT, INVALID_CURSOR, LOGIN_EXPIRED -> 400;
            case AUTHENTICATION_REQUIRED -> 401;
            case ACCESS_DENIED,
                    DATABASE_PERMISSION_MISSING,
                    ORIGIN_NOT_ALLOWED,
                    ADMINISTRATION_DISABLED,
                    CONSOLE_HEADER_MISSING,
                    CONSOLE_READ_ONLY,
                    LOGIN_REFUSED -> 403;
            case PATH_NOT_FOUND,
                    TOPIC_NOT_FOUND,
                    PARTITION_NOT_FOUND,
                    GROUP_NOT_FOUND,
                    TOKEN_NOT_FOUND,
                    RULE_NOT_FOUND,
                    CONSUMER_NOT_FOUND,
                    PARTITION_NOT_ASSIGNED -> 404;
            case METHOD_NOT_ALLOWED -> 405;
            case NOT_ACCEPTABLE -> 406;
            case REQUEST_TIMEOUT -> 408;
            case TOPIC_ALREADY_EXISTS,
                    CONSUMER_ALREADY_EXISTS,
                    GROUP_FULL,
                    TOPIC_LIMIT_REACHED,
                    PARTITION_LIMIT_REACHED,
                    GROUP_LIMIT_REACHED,
                    ACCESS_LIMIT_REACHED,
                    GROUP_NOT_EMPTY,
                    SUBSCRIPTION_CONFLICT,
                    NOT_SUBSCRIBED,
                    NO_OFFSET,
                    COMMIT_FENCED,
                    OUT_OF_ORDER_SEQUENCE,
                    PRODUCER_FENCED -> 409;
            case END_OFFSET_MOVED -> 412;
            case BODY_TOO_LARGE, RECORD_TOO_LARGE -> 413;
            case UNSUPPORTED_MEDIA_TYPE -> 415;
            case URI_TOO_LONG -> 414;
            case OFFSET_OUT_OF_RANGE -> 416;
            case HOST_NOT_ALLOWED -> 421;
            case INVALID_RECORD,
                    INVALID_TOPIC,
                    INVALID_PARTITIONS,
                    INVALID_CONFIG,
                    INVALID_GROUP,
                    INVALID_CONSUMER_CONFIG,
                    INVALID_SUBSCRIPTION,
                    INVALID_ACCESS,
                    TOKEN_TOO_LARGE,
                    IDEMPOTENCY_KEY_REUSED,
                    INVALID_TEXT -> 422;
            case TOO_MANY_ATTEMPTS, QUOTA_EXCEEDED -> 429;
            case HEADERS_TOO_LARGE -> 431;
            case INTERNAL -> 500;
            case OVERLOADED,
                    REPLICA_STOPPING,
                    PROVIDER_UNAVAILABLE,
                    DATABASE_UNAVAILABLE,
                    DATABASE_READ_ONLY,
                    STORAGE_FULL,
                    SLICE_MISSING,
                    OUTCOME_UNKNOWN -> 503;
        };
    }
}
