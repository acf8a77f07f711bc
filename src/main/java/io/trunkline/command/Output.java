package io.trunkline.command;

import java.io.PrintStream;

/**
 * Where a command writes.
 *
 * @param result what other programs read
 * @param notes what people read beside it
 */
record Output(PrintStream result, PrintStream notes) {
    void result(String line) {
        result.println(line);
    }

    void note(String line) {
        notes.println(line);
    }
}
