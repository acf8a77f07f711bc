package com.example.shop.stream;

/** What an application makes of a stream. One thread calls it, one call after the other. */
public interface StreamHandler {
    /** The cursor of the last event that was handled; empty to begin with the first record of the topic. */
    String cursor();

    /**
     * Handles an event and stores its id as the new cursor, both in one transaction. If this fails, the stream is opened again
     * at {@link #cursor()}, so that the same event comes again.
     *
     * @param cursor where the stream stood before this event
     * @throws StreamTakenException if another cursor is stored than this one; nothing is changed then
     */
    void handle(String cursor, StreamEvent event);
}
