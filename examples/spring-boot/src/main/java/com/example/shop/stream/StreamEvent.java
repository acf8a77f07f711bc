package com.example.shop.stream;

/**
 * A server-sent event.
 *
 * @param name one of the constants; the service may have others in the future
 * @param id the cursor behind this event, with which a later stream goes on
 * @param data a record as JSON, or what the service says; empty for {@link #OPEN}
 */
public record StreamEvent(String name, String id, String data) {
    /** A record: {@code {"topic", "partition", "offset", "timestamp", "key", "value"}}. */
    public static final String RECORD = "message";

    /** The stream begins. */
    public static final String OPEN = "open";

    /** Retention has removed records before they were read: {@code {"partition", "expected", "actual"}}. */
    public static final String OVERTAKEN = "overtaken";

    /** The topic was deleted and created again: {@code {"topic"}}. Its first record comes next. */
    public static final String RECREATED = "recreated";

    /** The service ends the stream: {@code {"error_code", "message", "code"}}. Handlers do not get this one. */
    static final String ERROR = "error";

    /** Cursor and data stay out of service logs. */
    @Override
    public String toString() {
        return "StreamEvent[" + name + "]";
    }
}
