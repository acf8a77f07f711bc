package io.trunkline.rest;

import io.trunkline.log.FetchedBatch;
import io.trunkline.rest.json.JsonBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a stream gives next, which is written piece by piece and let go as it is written. Written once, by one thread at a time. */
final class StreamPage {
    /** Text of this size, in bytes, is given to the network at once; more where a record is larger. */
    static final int PIECE = 32 * 1024;

    private final ArrayDeque<Part> parts;
    private final Cursor.@Nullable Progress progress;
    private final long memory;
    private final Consumer<Boolean> ended;
    private int record;
    private boolean told;

    /** A part of a page. */
    sealed interface Part {
        /** Records of a partition, one at least. */
        record Records(int partition, RecordJson json, ArrayDeque<FetchedBatch> batches) implements Part {
            Records(int partition, RecordJson json, List<FetchedBatch> batches) {
                this(partition, json, new ArrayDeque<>(batches));
            }
        }

        /** Something that the client has to know, after which a partition goes on at an offset. */
        record Notice(String name, byte[] json, int partition, long offset) implements Part {}
    }

    /**
     * @param progress where the reader stands, which goes on with what is written; null where the service keeps that
     * @param memory what is counted for the page, in bytes
     * @param ended is told, once, whether the network has taken all of it
     */
    StreamPage(List<Part> parts, Cursor.@Nullable Progress progress, long memory, Consumer<Boolean> ended) {
        this.parts = new ArrayDeque<>(parts);
        this.progress = progress;
        this.memory = memory;
        this.ended = ended;
    }

    /** What a page of records takes in memory, in bytes, with the text that is being sent. */
    static long memoryOf(List<FetchedBatch> batches, boolean shared) {
        long records = batches.stream()
                .mapToLong(batch -> batch.records().memorySize())
                .sum();
        return Math.min(records, 2L * PIECE) + (shared ? 0 : records);
    }

    long memory() {
        return memory;
    }

    boolean hasNext() {
        return !parts.isEmpty();
    }

    /** Writes the next piece, which ends with a whole event. */
    void next(StreamFormat format, JsonBuffer out) {
        while (!parts.isEmpty() && out.length() < PIECE) {
            switch (parts.element()) {
                case Part.Notice notice -> {
                    parts.remove();
                    format.notice(out, notice.name(), notice.json(), cursor(notice.partition(), notice.offset()));
                }
                case Part.Records records -> next(format, out, records);
            }
        }
    }

    private void next(StreamFormat format, JsonBuffer out, Part.Records records) {
        FetchedBatch batch = records.batches().element();
        byte @Nullable [] cursor = cursor(records.partition(), batch.baseOffset() + record + 1);
        format.record(out, records.json(), batch, record, cursor);
        record++;
        if (record == batch.records().count()) {
            records.batches().remove();
            record = 0;
            if (records.batches().isEmpty()) {
                parts.remove();
            }
        }
    }

    private byte @Nullable [] cursor(int partition, long offset) {
        if (progress == null) {
            return null;
        }
        progress.set(partition, offset);
        return progress.text();
    }

    /** The page is not needed any more. Only the first call counts. */
    void ended(boolean taken) {
        if (!told) {
            told = true;
            ended.accept(taken);
        }
    }
}
