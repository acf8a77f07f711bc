package io.trunkline.access;

import java.util.Locale;

/** What a rule allows. Rules only allow: what none allows is refused. */
public enum Right {
    /** Read the records of a topic. */
    READ,
    /** Append records to a topic. */
    WRITE,
    /** Create, change and delete a topic, and delete its records; delete a group. */
    MANAGE,
    /** Consume in a group, and commit and reset its offsets. */
    USE;

    /** What rules call it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The right of a row. */
    static Right stored(String text) {
        return valueOf(text.toUpperCase(Locale.ROOT));
    }
}
