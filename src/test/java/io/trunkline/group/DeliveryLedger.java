package io.trunkline.group;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Everything that was seen of a group while it ran, and what must hold of it. Times are milliseconds since the ledger
 * was opened. A check answers what offends against it, the first few with their history; nothing when all is well.
 */
final class DeliveryLedger {
    private static final int TOLD = 5;
    private static final int TOLD_NOTES = 40;
    /** How long before a finding the notes are told from: more than the session timeout. */
    private static final long NOTES_BEFORE = 5_000;

    private final long opened = System.nanoTime();
    private final Map<TopicPartition, SortedMap<Long, List<Delivery>>> deliveries = new HashMap<>();
    private final List<Delivery> inOrder = new ArrayList<>();
    private final List<Acknowledgement> acknowledgements = new ArrayList<>();
    private final List<BodyCommit> commits = new ArrayList<>();
    private final List<Sample> samples = new ArrayList<>();
    private final List<Note> notes = new ArrayList<>();

    record TopicPartition(String topic, int partition) {
        @Override
        public String toString() {
            return topic + "/" + partition;
        }
    }

    /** A record that a member received, in the generation that the answer told. */
    record Delivery(long at, String member, long generation, TopicPartition partition, long offset, String value) {}

    /** A record of which a producer was told where it is. */
    record Acknowledgement(TopicPartition partition, long offset, String value) {}

    /**
     * A commit with a body.
     *
     * @param generation in which the member received the last record before the offset
     * @param known whether the outcome was told; if not, the service may still do it after the end
     */
    record BodyCommit(
            long sentAt,
            long endedAt,
            boolean known,
            String member,
            long generation,
            TopicPartition partition,
            long offset) {}

    /** The committed offsets of a group; a partition without one is not in the map. */
    record Sample(long sentAt, long receivedAt, long generation, Map<TopicPartition, Long> committed) {
        Sample {
            committed = Map.copyOf(committed);
        }
    }

    private record Note(long at, String text) {}

    /** The time of the ledger. */
    long now() {
        return (System.nanoTime() - opened) / 1_000_000;
    }

    synchronized void delivered(List<Delivery> received) {
        inOrder.addAll(received);
        for (Delivery delivery : received) {
            deliveries
                    .computeIfAbsent(delivery.partition, p -> new TreeMap<>())
                    .computeIfAbsent(delivery.offset, o -> new ArrayList<>(2))
                    .add(delivery);
        }
    }

    synchronized void acknowledged(Acknowledgement acknowledgement) {
        acknowledgements.add(acknowledgement);
    }

    synchronized void committed(BodyCommit commit) {
        commits.add(commit);
    }

    /** Samples are given in the order in which they were taken, one after the other. */
    synchronized void sampled(Sample sample) {
        samples.add(sample);
    }

    /** Something that happened, for the histories. */
    synchronized void note(String text) {
        notes.add(new Note(now(), text));
    }

    /** Records of the log that no member received. */
    synchronized List<String> undelivered(Map<TopicPartition, SortedMap<Long, String>> log) {
        List<Finding> findings = new ArrayList<>();
        log.forEach((partition, records) -> records.forEach((offset, value) -> {
            if (deliveriesOf(partition, offset).isEmpty()) {
                findings.add(new Finding(partition, offset, "'" + value + "' was never delivered"));
            }
        }));
        return told(findings);
    }

    /** Records that were received with another value than the log has, or that the log does not have. */
    synchronized List<String> deliveredOtherwise(Map<TopicPartition, SortedMap<Long, String>> log) {
        List<Finding> findings = new ArrayList<>();
        for (Delivery delivery : inOrder) {
            String value = log.getOrDefault(delivery.partition, new TreeMap<>()).get(delivery.offset);
            if (!delivery.value.equals(value)) {
                findings.add(new Finding(
                        delivery.partition,
                        delivery.offset,
                        "was delivered as '" + delivery.value + "', but the log has '" + value + "'"));
            }
        }
        return told(findings);
    }

    /** Records that two members received in one generation. */
    synchronized List<String> sharedWithinAGeneration() {
        List<Finding> findings = new ArrayList<>();
        deliveries.forEach((partition, offsets) -> offsets.forEach((offset, received) -> {
            Map<Long, Set<String>> members = new LinkedHashMap<>();
            received.forEach(d ->
                    members.computeIfAbsent(d.generation, g -> new HashSet<>()).add(d.member));
            members.forEach((generation, names) -> {
                if (names.size() > 1) {
                    findings.add(new Finding(partition, offset, "went to " + names + " in generation " + generation));
                }
            });
        }));
        return told(findings);
    }

    /** Records that a member was led past: it received later ones of the partition in one generation, without a rewind. */
    synchronized List<String> skippedWithinAGeneration() {
        List<Finding> findings = new ArrayList<>();
        Map<String, Map<TopicPartition, Delivery>> last = new HashMap<>();
        for (Delivery next : inOrder) {
            Delivery before =
                    last.computeIfAbsent(next.member, m -> new HashMap<>()).put(next.partition, next);
            if (before != null && before.generation == next.generation && next.offset > before.offset + 1) {
                findings.add(new Finding(
                        next.partition,
                        before.offset + 1,
                        "was skipped: " + next.member + " got " + next.offset + " after " + before.offset
                                + " in generation " + next.generation));
            }
        }
        return told(findings);
    }

    /** Acknowledged records that are not in the log at the place that was told. */
    synchronized List<String> lostAcknowledgements(Map<TopicPartition, SortedMap<Long, String>> log) {
        List<Finding> findings = new ArrayList<>();
        for (Acknowledgement told : acknowledgements) {
            String value = log.getOrDefault(told.partition, new TreeMap<>()).get(told.offset);
            if (!told.value.equals(value)) {
                findings.add(new Finding(
                        told.partition,
                        told.offset,
                        "was acknowledged as '" + told.value + "', but the log has '" + value + "'"));
            }
        }
        return told(findings);
    }

    /** Committed offsets, and generations of the group, that went backwards, late commits with a body excepted. */
    synchronized List<String> wentBackwards() {
        List<String> findings = new ArrayList<>();
        for (Step step : backwardSteps()) {
            if (!isLateCommit(step)) {
                String change = " from " + step.before.committed.get(step.partition) + " to "
                        + (step.to < 0 ? "none" : step.to) + " between the samples " + span(step.before) + " and "
                        + span(step.after);
                findings.add(step.partition + ": the committed offset went back" + change + "\n"
                        + historyAt(step.partition, Math.max(0, step.to), step.after.receivedAt));
            }
        }
        for (int i = 1; i < samples.size(); i++) {
            if (samples.get(i).generation < samples.get(i - 1).generation) {
                findings.add("the generation went back between " + span(samples.get(i - 1)) + " and "
                        + span(samples.get(i)));
            }
        }
        return first(findings);
    }

    /** How often a committed offset went back because a commit with a body came late, which it may. */
    synchronized long lateCommits() {
        return backwardSteps().stream().filter(this::isLateCommit).count();
    }

    synchronized long deliveries() {
        return inOrder.size();
    }

    /** Deliveries beyond the first of each record. */
    synchronized long redeliveries() {
        return inOrder.size()
                - deliveries.values().stream().mapToLong(SortedMap::size).sum();
    }

    synchronized long acknowledgements() {
        return acknowledgements.size();
    }

    synchronized long samples() {
        return samples.size();
    }

    /** How many generations were seen. */
    synchronized long generations() {
        Set<Long> all = new HashSet<>();
        inOrder.forEach(d -> all.add(d.generation));
        samples.forEach(s -> all.add(s.generation));
        return all.size();
    }

    /** How many members received something. */
    synchronized long members() {
        return inOrder.stream().map(Delivery::member).distinct().count();
    }

    /** What happened last. */
    synchronized String lastNotes() {
        return notesBetween(now() - 2 * NOTES_BEFORE, now());
    }

    private record Step(Sample before, Sample after, TopicPartition partition, long to) {}

    private List<Step> backwardSteps() {
        List<Step> steps = new ArrayList<>();
        for (int i = 1; i < samples.size(); i++) {
            Sample before = samples.get(i - 1);
            Sample after = samples.get(i);
            before.committed.forEach((partition, offset) -> {
                long to = after.committed.getOrDefault(partition, -1L);
                if (to < offset) {
                    steps.add(new Step(before, after, partition, to));
                }
            });
        }
        return steps;
    }

    /**
     * Whether a member explains the step: a commit with a body is stored as given, and over HTTP it does not tell the
     * generation. So one that is overtaken by two rebalances, which take the partition away and give it back, sets the
     * offset back; so does one whose replica died while PostgreSQL still had it to do. The records are then delivered
     * again, which is what was promised.
     */
    private boolean isLateCommit(Step step) {
        return commits.stream()
                .filter(c -> c.partition.equals(step.partition) && c.offset == step.to)
                .filter(c -> c.sentAt <= step.after.receivedAt)
                .anyMatch(c -> !c.known || (c.endedAt >= step.before.sentAt && c.generation < step.after.generation));
    }

    private record Finding(TopicPartition partition, long offset, String what) {}

    private List<String> told(List<Finding> findings) {
        findings.sort(
                Comparator.comparing((Finding f) -> f.partition.toString()).thenComparing(Finding::offset));
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < findings.size(); i++) {
            Finding finding = findings.get(i);
            String text = finding.partition + "@" + finding.offset + " " + finding.what;
            texts.add(i < TOLD ? text + "\n" + history(finding.partition, finding.offset) : text);
        }
        return first(texts);
    }

    private static List<String> first(List<String> all) {
        if (all.size() <= TOLD) {
            return all;
        }
        List<String> some = new ArrayList<>(all.subList(0, TOLD));
        some.add("and " + (all.size() - TOLD) + " more");
        return some;
    }

    /** Who received the record and its neighbours, when the group's committed offset passed it, and what happened then. */
    private String history(TopicPartition partition, long offset) {
        long at = deliveriesOf(partition, offset).stream()
                .mapToLong(Delivery::at)
                .max()
                .orElseGet(() -> samples.stream()
                        .filter(s -> s.committed.getOrDefault(partition, -1L) > offset)
                        .mapToLong(Sample::receivedAt)
                        .findFirst()
                        .orElse(now()));
        return historyAt(partition, offset, at);
    }

    private String historyAt(TopicPartition partition, long offset, long at) {
        StringBuilder text = new StringBuilder();
        for (long next = Math.max(0, offset - 1); next <= offset + 1; next++) {
            text.append("    delivered @").append(next).append(": ");
            deliveriesOf(partition, next)
                    .forEach(d -> text.append("at ")
                            .append(d.at)
                            .append(" to ")
                            .append(d.member)
                            .append(" in generation ")
                            .append(d.generation)
                            .append("; "));
            text.append('\n');
        }
        Sample below = null;
        for (Sample sample : samples) {
            if (sample.committed.getOrDefault(partition, -1L) > offset) {
                text.append("    committed offset passed it ")
                        .append(below == null ? "" : "after " + span(below) + ", ")
                        .append("by ")
                        .append(span(sample))
                        .append('\n');
                break;
            }
            below = sample;
        }
        List<BodyCommit> near = commits.stream()
                .filter(c -> c.partition.equals(partition) && c.sentAt >= at - NOTES_BEFORE && c.sentAt <= at)
                .toList();
        near.subList(Math.max(0, near.size() - TOLD), near.size())
                .forEach(c -> text.append("    ").append(c).append('\n'));
        return text.append(notesBetween(at - NOTES_BEFORE, at + 500)).toString();
    }

    private String notesBetween(long from, long to) {
        List<String> lines = notes.stream()
                .filter(n -> n.at >= from && n.at <= to)
                .map(n -> "    " + n.at + " " + n.text + "\n")
                .toList();
        return String.join("", lines.subList(Math.max(0, lines.size() - TOLD_NOTES), lines.size()));
    }

    private static String span(Sample sample) {
        return "[" + sample.sentAt + ".." + sample.receivedAt + ", generation " + sample.generation + "]";
    }

    private List<Delivery> deliveriesOf(TopicPartition partition, long offset) {
        return deliveries.getOrDefault(partition, new TreeMap<>()).getOrDefault(offset, List.of());
    }
}
