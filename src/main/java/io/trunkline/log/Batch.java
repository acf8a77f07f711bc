package io.trunkline.log;

import io.trunkline.log.AppendBatcher.Part;
import io.trunkline.log.AppendStore.Append;
import io.trunkline.record.RecordBatch;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is appended to a partition at once: parts of different requests, in the order in which they came. */
final class Batch {
    private final PartitionQueue queue;
    private final List<Part> parts;
    /** Made when it is needed, by the one thread that appends the batch. */
    private @Nullable RecordBatch combined;

    /** A batch of at least one part, or of none where all that waited was overdue. */
    Batch(PartitionQueue queue, List<Part> parts) {
        this.queue = queue;
        this.parts = List.copyOf(parts);
    }

    PartitionQueue queue() {
        return queue;
    }

    List<Part> parts() {
        return parts;
    }

    boolean isEmpty() {
        return parts.isEmpty();
    }

    /** Whether the records bring their own timestamps. */
    boolean timestamps() {
        return parts.getFirst().timestamps();
    }

    long bytes() {
        return parts.stream().mapToLong(Part::size).sum();
    }

    int records() {
        return parts.stream().mapToInt(part -> part.records().count()).sum();
    }

    /** Whether two batches have the same columns, so that they can go together. */
    boolean isLike(Batch other) {
        return timestamps() == other.timestamps() && hasKeys() == other.hasKeys() && hasHeaders() == other.hasHeaders();
    }

    RecordBatch combined() {
        if (combined == null) {
            combined = RecordBatch.concat(parts.stream().map(Part::records).toList());
        }
        return combined;
    }

    Append toAppend() {
        return new Append(queue.partitionId(), combined());
    }

    private boolean hasKeys() {
        return parts.stream().anyMatch(part -> part.records().keys() != null);
    }

    private boolean hasHeaders() {
        return parts.stream().anyMatch(part -> part.records().headers() != null);
    }
}
