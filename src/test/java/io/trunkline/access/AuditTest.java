package io.trunkline.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AuditTest {
    private final AtomicLong now = new AtomicLong();
    private final List<AuditEvent> events = new ArrayList<>();
    private final List<Map<String, String>> lines = new ArrayList<>();
    private final Audit audit = new Audit(now::get, events::add, lines::add);

    @Test
    void eventIsOneLineOfFixedKeys() {
        audit.record(event("deleteTopic", "ann", AuditEvent.Outcome.DONE), "10.0.0.1");

        assertThat(AuditEvent.line(lines.getFirst()))
                .isEqualTo("action=deleteTopic outcome=done principal=ann credential=\"token abc\" address=10.0.0.1"
                        + " before=7 topic=orders request=r-1");
        assertThat(events).hasSize(1);
    }

    @Test
    void noValueCanForgeALineOrAField() {
        String evil = "ann\" outcome=done\n2026 action=x\r\u2028\u0085\u001b[31m\\";

        audit.record(event("deleteTopic", evil, AuditEvent.Outcome.FAILED), "10.0.0.1");

        assertThat(AuditEvent.line(lines.getFirst()))
                .contains("principal=\"ann\\\" outcome=done\\u000a2026 action=x\\u000d\\u2028\\u0085\\u001b[31m\\\\\" ")
                .hasLineCount(1);
    }

    @Test
    void longValuesAreCut() {
        audit.record(event("x".repeat(10_000), "ann", AuditEvent.Outcome.DONE), "10.0.0.1");

        assertThat(lines.getFirst().get("action")).hasSize(300);
    }

    @Test
    void refusalsOfOneAddressAreWrittenAFewAtATimeWithHowManyWereLeftOut() {
        for (int i = 0; i < 1_000; i++) {
            refuse("10.0.0.1");
        }
        refuse("10.0.0.2");
        assertThat(lines).hasSize(Audit.BURST + 1);

        now.addAndGet(TimeUnit.SECONDS.toNanos(10));
        refuse("10.0.0.1");

        assertThat(lines).hasSize(Audit.BURST + 2);
        assertThat(lines.getLast()).containsEntry("left_out", "990");
        refuse("10.0.0.1");
        audit.flush();
        audit.flush();
        assertThat(lines).hasSize(Audit.BURST + 3);
        assertThat(lines.getLast()).containsEntry("action", "summary").containsEntry("left_out", "1");
        assertThat(events).hasSize(Audit.BURST + 2);
    }

    @Test
    void refusalsOfManyAddressesFillNeitherTheLogNorTheMemory() {
        for (int i = 0; i < 50_000; i++) {
            refuse("10.0." + i);
        }

        assertThat(lines).hasSize(Audit.BURST_OF_ALL);
        assertThat(audit.sources()).isEqualTo(Audit.MOST_SOURCES);
        audit.flush();
        assertThat(lines.getLast()).containsEntry("left_out", Integer.toString(50_000 - Audit.BURST_OF_ALL));
    }

    @Test
    void changesAreAllWritten() {
        for (int i = 0; i < 10_000; i++) {
            audit.record(event("createTopic", "ann", AuditEvent.Outcome.DONE), "10.0.0.1");
        }

        assertThat(lines).hasSize(10_000);
    }

    private void refuse(String address) {
        audit.record(event("deleteTopic", "", AuditEvent.Outcome.REFUSED), address);
    }

    private static AuditEvent event(String action, String principal, AuditEvent.Outcome outcome) {
        return new AuditEvent(
                Instant.EPOCH,
                action,
                outcome,
                principal,
                "token abc",
                "10.0.0.1",
                Map.of("topic", "orders", "before", "7"),
                "",
                "r-1");
    }
}
