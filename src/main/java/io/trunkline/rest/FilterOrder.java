package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.security.SecurityHandlerPriorities;

/** In which order filters see a request: those with higher numbers before those with lower ones, and resources last. */
final class FilterOrder {
    /** A request of HTTP/2 goes through all filters once, in its other form. */
    static final int HTTP_2 = 1_000;

    /** Before anybody responds. */
    static final int HEADERS = 410;

    /** What other filters refuse has an id too. */
    static final int REQUEST_ID = 400;

    /** Whatever responds is counted. */
    static final int ADMISSION = 390;

    /** What other filters refuse may have to be written down. */
    static final int AUDIT = 380;

    /** Before Quarkus' own CORS filter, which sets the headers that a refusal needs too. */
    static final int CORS = 350;

    /** After the CORS filters, which have refused by then what they do not allow. */
    static final int ORIGIN = 260;

    /** Nobody has to be known to find nothing. */
    static final int DOCUMENTATION = 250;

    /** Who the client is. */
    static final int AUTHENTICATION = SecurityHandlerPriorities.AUTHENTICATION;

    /** How much of the service a known client uses, whether or not it may do what it asks for. */
    static final int QUOTA = 150;

    /** What a browser's cookie is good for. */
    static final int CONSOLE = 120;

    /** What the client may do. */
    static final int AUTHORIZATION = SecurityHandlerPriorities.AUTHORIZATION;

    /** Bodies that are written as they arrive, which are not read whole. */
    static final int LINES = 60;

    /** Nothing is read for a client that may not send it. */
    static final int BODY = 50;

    /** Produce requests that need no resource. */
    static final int PRODUCE = 40;

    private FilterOrder() {}
}
