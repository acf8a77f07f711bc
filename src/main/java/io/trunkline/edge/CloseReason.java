package io.trunkline.edge;

/** Why a connection was closed. */
enum CloseReason {
    /** The port has as many connections as it may have. */
    TOO_MANY,
    /** A request head did not arrive in time. */
    SLOW_REQUEST,
    /** The client took a response too slowly. */
    SLOW_RESPONSE,
    /** There was no request for long. */
    IDLE,
    /** Request heads, or responses, would have taken more memory than there is for them. */
    TOO_LARGE,
    /** The client spoke no HTTP. */
    MALFORMED
}
