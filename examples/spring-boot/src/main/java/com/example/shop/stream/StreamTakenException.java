package com.example.shop.stream;

/** Another instance of the application follows the topic and was faster: it has handled the event, or is about to. */
public final class StreamTakenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StreamTakenException() {
        super("another instance has handled the event");
    }
}
