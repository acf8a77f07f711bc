package io.trunkline.access;

import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.logging.Level;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.Logger;

/**
 * Writes down who changed what, and who was refused: one line each in the category {@code io.trunkline.audit}, the fields also as
 * those of the record, so that they are fields of JSON logs. Every change is written. Refusals and failures, which cost a client nothing, are
 * written a few at a time for each address and action, with how many were left out.
 */
@Singleton
public class Audit {
    /** Of log lines. */
    public static final String CATEGORY = "io.trunkline.audit";

    /** Addresses and actions that are told apart; further ones count as one. */
    static final int MOST_SOURCES = 10_000;

    /** Lines about refusals of one address and action at once, and then a second. */
    static final int BURST = 10;

    private static final double PER_SECOND = 0.1;
    /** The same of all together. */
    static final int BURST_OF_ALL = 1_000;

    private static final double PER_SECOND_OF_ALL = 10;
    private static final String LEFT_OUT = "left_out";
    private static final Logger LOG = Logger.getLogger(CATEGORY);

    private final LongSupplier nanoTime;
    private final Consumer<AuditEvent> listeners;
    private final Consumer<Map<String, String>> log;
    private final BoundedTable<Refusals> sources;
    private final Bucket all;

    @Inject
    Audit(Event<AuditEvent> listeners) {
        this(System::nanoTime, listeners::fire, Audit::write);
    }

    Audit(LongSupplier nanoTime, Consumer<AuditEvent> listeners, Consumer<Map<String, String>> log) {
        this.nanoTime = nanoTime;
        this.listeners = listeners;
        this.log = log;
        long now = nanoTime.getAsLong();
        all = new Bucket(PER_SECOND_OF_ALL, BURST_OF_ALL, now);
        sources = new BoundedTable<>(
                MOST_SOURCES,
                at -> new Refusals(new Bucket(PER_SECOND, BURST, at), new AtomicLong()),
                (refusals, at) -> refusals.leftOut.get() == 0 && refusals.lines.isFull(at),
                now);
    }

    /** Those of one address and action: how many may be written, and how many were not. */
    private record Refusals(Bucket lines, AtomicLong leftOut) {}

    /**
     * Writes down what happened. Costs no query and never fails.
     *
     * @param network what the client is taken for where refusals are counted, such as its address
     */
    public void record(AuditEvent event, String network) {
        Map<String, String> fields = event.fields();
        if (isCheap(event)) {
            long now = nanoTime.getAsLong();
            Refusals refusals = sources.of(network + " " + event.action(), now);
            if (refusals.lines.take(1, now) > 0 || all.take(1, now) > 0) {
                refusals.leftOut.incrementAndGet();
                return;
            }
            long leftOut = refusals.leftOut.getAndSet(0);
            if (leftOut > 0) {
                fields.put(LEFT_OUT, Long.toString(leftOut));
            }
        }
        log.accept(fields);
        listeners.accept(event);
    }

    /** Whether a client can cause such events without doing anything. */
    private static boolean isCheap(AuditEvent event) {
        return event.outcome() == AuditEvent.Outcome.REFUSED || event.outcome() == AuditEvent.Outcome.FAILED;
    }

    /** Writes how many refusals were left out since the last line; to be called once a minute or so. */
    public void flush() {
        AtomicLong leftOut = new AtomicLong();
        sources.forEach((source, refusals) -> leftOut.addAndGet(refusals.leftOut.getAndSet(0)));
        if (leftOut.get() > 0) {
            Map<String, String> fields = new LinkedHashMap<>();
            fields.put("action", "summary");
            fields.put("outcome", "refused");
            fields.put(LEFT_OUT, Long.toString(leftOut.get()));
            log.accept(fields);
        }
    }

    int sources() {
        return sources.size();
    }

    private static void write(Map<String, String> fields) {
        ExtLogRecord line = new ExtLogRecord(
                Level.INFO, AuditEvent.line(fields), ExtLogRecord.FormatStyle.NO_FORMAT, Audit.class.getName());
        line.setLoggerName(CATEGORY);
        fields.forEach(line::putMdc);
        LOG.log(line);
    }
}
