package io.trunkline.edge;

/** The memory that the process has for objects. */
final class Heap {
    private Heap() {}

    /** A part of the largest heap, in bytes. */
    static long share(int parts) {
        return Runtime.getRuntime().maxMemory() / parts;
    }
}
