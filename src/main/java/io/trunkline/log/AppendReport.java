package io.trunkline.log;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.log.AppendOutcome.Appended;
import io.trunkline.log.PartitionQueue.Batch;
import io.trunkline.record.RecordBatch;
import java.util.List;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/** Tells readers and producers what became of batches, and gives back the room of those that have ended. */
final class AppendReport {
    /** Is told of each batch that has become durable, before the next append of its partition begins. */
    interface Listener {
        /** @param batch gives the records with their offsets and times, and copies them unless they are alone */
        void appended(long partitionId, OffsetRange range, Supplier<FetchedBatch> batch);
    }

    private static final Logger LOG = Logger.getLogger(AppendReport.class);

    private final AppendQueues queues;
    private final LogMetrics metrics;
    private final Listener listener;

    AppendReport(AppendQueues queues, LogMetrics metrics, Listener listener) {
        this.queues = queues;
        this.metrics = metrics;
        this.listener = listener;
    }

    /**
     * Tells readers of what is durable. Called before the partition's next append begins, so that they are told in the order of
     * the offsets.
     */
    void tellReaders(Batch batch, BatchOutcome outcome, SharedAppend shared, int index) {
        if (!(outcome instanceof BatchOutcome.Ended ended && ended.outcome() instanceof Appended appended)) {
            return;
        }
        long partitionId = batch.queue().partitionId();
        int count = shared.counts()[index];
        metrics.batch(
                count,
                batch.appends().stream().mapToLong(a -> a.records().byteSize()).sum());
        try {
            listener.appended(
                    partitionId, new OffsetRange(appended.logStartOffset(), appended.baseOffset() + count), () -> {
                        RecordBatch records = shared.records(index);
                        return new FetchedBatch(
                                appended.baseOffset(), shared.timestamps() ? records : records.at(appended.time()));
                    });
        } catch (RuntimeException e) {
            // The records are durable, whatever else went wrong, and their producers are told so.
            LOG.errorf(e, "Readers could not be told of an append partition=%d", partitionId);
        }
    }

    /** Tells producers what became of a batch, or of those of its appends that have ended. */
    void acknowledge(Batch batch, BatchOutcome outcome) {
        switch (outcome) {
            case BatchOutcome.Ended(Appended appended) -> acknowledge(batch, appended);
            case BatchOutcome.Ended(AppendOutcome other) -> end(batch.appends(), other);
            case BatchOutcome.Judged judged -> {
                for (int i = 0; i < batch.appends().size(); i++) {
                    List<QueuedAppend> append = List.of(batch.appends().get(i));
                    judged.verdicts().get(i).ifPresent(verdict -> end(append, verdict));
                }
            }
        }
    }

    private void acknowledge(Batch batch, Appended appended) {
        long offset = appended.baseOffset();
        for (QueuedAppend append : batch.appends()) {
            queues.release(append);
            append.outcome().complete(new Appended(offset, appended.time(), appended.logStartOffset()));
            offset += append.records().count();
        }
    }

    /** Tells producers that their batch failed. */
    void fail(Batch batch, Throwable failure) {
        TrunklineException reason = Failures.known(failure);
        if (reason.code() == ErrorCode.INTERNAL) {
            LOG.errorf(
                    reason.getCause(),
                    "Append failed partition=%d requests=%d",
                    batch.queue().partitionId(),
                    batch.appends().size());
        } else {
            LOG.debugf(
                    "Append failed partition=%d requests=%d code=%s",
                    batch.queue().partitionId(), batch.appends().size(), reason.code());
        }
        end(batch.appends(), AppendOutcome.of(reason));
    }

    /** Gives back the room of appends, and completes them. */
    void end(List<QueuedAppend> appends, AppendOutcome outcome) {
        for (QueuedAppend append : appends) {
            queues.release(append);
            append.outcome().complete(outcome);
        }
    }
}
