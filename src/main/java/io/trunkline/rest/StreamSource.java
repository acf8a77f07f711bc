package io.trunkline.rest;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Where the records of a stream come from. */
interface StreamSource extends AutoCloseable {
    /**
     * The next page, whose memory has been counted, when there is one. Called again only when that has been written. Fails with
     * the reason for which the stream has to end, or for which it may be asked for the page again a little later.
     */
    CompletableFuture<StreamPage> next();

    /**
     * Where the reader stands, behind all that has been written of its pages; null where the service keeps that, and where the first
     * page says something that a client must not miss: it goes on from its own cursor until it has got that.
     */
    byte @Nullable [] cursor();

    /**
     * The next page is not asked for yet: the client has read too much in too little time, or the page could not be had for now.
     * Called at least every half a second for as long as that is so.
     */
    default void paused() {}

    /** Ends what is waited for. */
    @Override
    void close();
}
