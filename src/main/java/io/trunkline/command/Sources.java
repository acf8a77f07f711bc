package io.trunkline.command;

/** Where roles and rules come from. */
final class Sources {
    private static final String FILE = "file";

    private Sources() {}

    /** What to know about the removal of what came from there. */
    static String warning(String source) {
        return source.equals(FILE)
                ? " It came from a file (trunkline.access.file), which brings it back: change the file too."
                : "";
    }
}
