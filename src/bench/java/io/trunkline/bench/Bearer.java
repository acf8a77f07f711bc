package io.trunkline.bench;

import io.trunkline.testing.Api;

/**
 * Who sends requests, by the token in their {@code Authorization} header.
 *
 * @param token an API token or a JWT; empty for no such header
 */
record Bearer(String token) {
    /** A client without a token. */
    static final Bearer NOBODY = new Bearer("");

    /** The line of a request's head, with its end; empty without a token. */
    String header() {
        return token.isEmpty() ? "" : "Authorization: Bearer " + token + "\r\n";
    }

    /** The same API for the holder of the token. */
    Api with(Api api) {
        return token.isEmpty() ? api : api.as(token);
    }

    /** Without the token, so that no log has it. */
    @Override
    public String toString() {
        return "Bearer of " + token.length() + " characters";
    }
}
