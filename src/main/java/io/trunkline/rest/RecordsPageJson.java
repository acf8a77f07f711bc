package io.trunkline.rest;

import io.trunkline.json.JsonBuffer;
import io.trunkline.log.FetchedBatch;
import java.util.ArrayDeque;

/** The records of a page as a JSON array, written piece by piece. */
final class RecordsPageJson {
    private final ArrayDeque<RecordsPage.Part> parts;
    private int record;
    private boolean begun;
    private boolean ended;
    private long done;

    RecordsPageJson(RecordsPage page) {
        parts = page.parts();
        enter();
    }

    /** Goes to the next record that there is, from the beginning of a part or of a batch. */
    private void enter() {
        while (!parts.isEmpty() && parts.element().batches().isEmpty()) {
            parts.remove();
        }
    }

    /** The memory, in bytes, of the batches that have been written since this was asked before. */
    long done() {
        long bytes = done;
        done = 0;
        return bytes;
    }

    boolean hasNext() {
        return !ended;
    }

    /** Writes the next piece, which ends with a whole record: of about this size, more where a record is larger. */
    void next(JsonBuffer json, int size) {
        if (!begun) {
            json.ascii("[");
        }
        while (!parts.isEmpty() && json.length() < size) {
            FetchedBatch current = parts.element().batches().element();
            if (begun) {
                json.ascii(",\n");
            }
            begun = true;
            parts.element().json().write(json, current, record);
            record++;
            if (record == current.records().count()) {
                parts.element().batches().remove();
                done += current.records().memorySize();
                record = 0;
                enter();
            }
        }
        if (parts.isEmpty()) {
            json.ascii("]");
            ended = true;
        }
    }
}
