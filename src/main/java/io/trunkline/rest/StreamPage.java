package io.trunkline.rest;

import io.trunkline.json.JsonBuffer;
import io.trunkline.log.FetchedBatch;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a stream gives next, which is written piece by piece and let go as it is written. Written once, by one thread at a time. */
class StreamPage {
    /** Text of this size, in bytes, is given to the network at once; more where a record is larger. */
    static final int PIECE = 32 * 1024;

    /** What the text of an event has at most beside its record and its cursor, in bytes: names and numbers. */
    private static final int EVENT = 640;
    /** So many bytes of text a byte of a record becomes at most, but for text that is full of control characters. */
    private static final int TEXT = 2;

    private final ArrayDeque<Part> parts;
    private final Cursor.@Nullable Progress progress;
    private final Consumer<Boolean> ended;
    /** What the records take, and the text of all of them and of one event at most, in bytes. */
    private long records;

    private long text;
    private long largest;
    /** What a page of the first record alone would take. */
    private long first;

    private int record;
    private boolean told;
    /** Whether something was passed over since the last text. */
    private boolean ahead;

    /** A part of a page. */
    sealed interface Part {
        /**
         * Records of a partition, one at least.
         *
         * @param next where the partition goes on behind all of them
         */
        record Records(int partition, RecordWriter json, ArrayDeque<FetchedBatch> batches, long next) implements Part {
            Records(int partition, RecordWriter json, List<FetchedBatch> batches, long next) {
                this(partition, json, new ArrayDeque<>(batches), next);
            }
        }

        /** The reader wants nothing of a partition before an offset. There is no text of it. */
        record Passed(int partition, long next) implements Part {}

        /** Something that the client has to know, after which a partition goes on at an offset. */
        record Notice(String name, byte[] json, int partition, long offset) implements Part {}
    }

    /**
     * @param progress where the reader stands, which goes on with what is written; null where the service keeps that
     * @param ended is told, once, whether the network has taken all of it
     */
    StreamPage(List<Part> parts, Cursor.@Nullable Progress progress, Consumer<Boolean> ended) {
        this.parts = new ArrayDeque<>(parts);
        this.progress = progress;
        this.ended = ended;
        parts.forEach(this::measure);
    }

    private void measure(Part part) {
        long event = EVENT + (progress == null ? 0 : progress.mostLength());
        switch (part) {
            case Part.Notice notice -> measure(0, event + notice.json().length);
            case Part.Passed passed -> {} // takes nothing
            case Part.Records some -> {
                for (FetchedBatch batch : some.batches()) {
                    for (int i = 0; i < batch.records().count(); i++) {
                        long cost = batch.records().costOf(i);
                        measure(cost, event + TEXT * cost);
                    }
                }
            }
        }
    }

    private void measure(long cost, long event) {
        records += cost;
        text += event;
        largest = Math.max(largest, event);
        first = first == 0 ? cost + event : first;
    }

    /**
     * What a page took for which there was no room.
     *
     * @param memory of all of it, in bytes
     * @param first of its first record, which a page has whatever its limits
     */
    record Refused(long memory, long first) {
        static final Refused NONE = new Refused(0, 0);

        /** About what a page of so many bytes takes in its place; 0 where nothing was refused. */
        long within(long limit) {
            return Math.min(memory, Math.max(limit + PIECE, first));
        }
    }

    /** There was no room for it. */
    Refused refused() {
        return new Refused(memory(), first);
    }

    /**
     * What it takes in memory, in bytes: its records, whether or not others have them too, since a client that does not read keeps
     * them when everybody else has let them go; and the text of one piece, which has its room before anything is written, so that
     * streams with pages never wait for one another's room.
     */
    long memory() {
        return records + nextSize();
    }

    boolean hasNext() {
        return !parts.isEmpty();
    }

    /** How large the next piece is at most, in bytes; larger only where text is full of control characters. */
    long nextSize() {
        return Math.min(text, PIECE + largest);
    }

    /** Writes the next piece, which ends with a whole event; nothing where the reader wants nothing of what is left. */
    void next(StreamFormat format, JsonBuffer out) {
        while (!parts.isEmpty() && out.length() < PIECE) {
            switch (parts.element()) {
                case Part.Notice notice -> {
                    parts.remove();
                    ahead = false;
                    format.notice(out, notice.name(), notice.json(), cursor(notice.partition(), notice.offset()));
                }
                case Part.Passed passed -> {
                    parts.remove();
                    ahead = true;
                    set(passed.partition(), passed.next());
                }
                case Part.Records records -> {
                    ahead = false;
                    next(format, out, records);
                }
            }
        }
    }

    private void next(StreamFormat format, JsonBuffer out, Part.Records records) {
        FetchedBatch batch = records.batches().element();
        boolean last =
                records.batches().size() == 1 && record == batch.records().count() - 1;
        byte @Nullable [] cursor = cursor(records.partition(), last ? records.next() : batch.offset(record) + 1);
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

    /** Whether the reader stands further than what has been written of this page says, because something was passed over since. */
    boolean isAhead() {
        return ahead;
    }

    private byte @Nullable [] cursor(int partition, long offset) {
        set(partition, offset);
        return progress == null ? null : progress.text();
    }

    private void set(int partition, long offset) {
        if (progress != null) {
            progress.set(partition, offset);
        }
    }

    /** The page is not needed any more. Only the first call counts. */
    void ended(boolean taken) {
        if (!told) {
            told = true;
            ended.accept(taken);
        }
    }
}
