package io.trunkline.bench;

import java.util.List;

/**
 * What is read, and how.
 *
 * @param ends of each partition of the topic; each begins at 0
 * @param maxBytes of a page; one record is given whatever this is
 */
record Reading(String topic, List<Long> ends, Format format, int maxBytes) {
    Reading {
        ends = List.copyOf(ends);
    }

    int partitions() {
        return ends.size();
    }
}
