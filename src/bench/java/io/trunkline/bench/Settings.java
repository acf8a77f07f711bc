package io.trunkline.bench;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * What the user chose, as system properties.
 *
 * @param scenarios {@code bench.scenario}: names, comma-separated; empty for all that run by default
 * @param measured {@code bench.seconds}: how long each run is measured
 * @param warmup {@code bench.warmup}: how long its load runs before that
 * @param rounds {@code bench.rounds}: how often each scenario is run, in turn with its baseline
 * @param backlog {@code bench.backlog}: records of the backlog scenario
 * @param fetchRecords {@code bench.fetch.records}: records that the fetch and the consume scenario read
 * @param pollRecords {@code bench.polls.records}: records that the polls scenario reads
 * @param consumers {@code bench.consumers}: consumers of the idle-polls scenario
 * @param idle {@code bench.idle.seconds}: how long they wait for nothing
 * @param partitions {@code bench.partitions}: partitions of the partitions scenario
 * @param sliceMegabytes {@code bench.slice.megabytes}: size of the slice that the free-slice scenario frees
 * @param free {@code bench.slice.seconds}: how long producers are watched meanwhile
 * @param deleteMegabytes {@code bench.delete.megabytes}: what the delete-batches scenario produces a second
 * @param delete {@code bench.delete.seconds}: for how long
 * @param openTransaction {@code bench.xmin.seconds}: how long the open-transaction scenario keeps its transaction
 */
record Settings(
        List<String> scenarios,
        Duration measured,
        Duration warmup,
        int rounds,
        int backlog,
        int fetchRecords,
        int pollRecords,
        int consumers,
        Duration idle,
        int partitions,
        int sliceMegabytes,
        Duration free,
        int deleteMegabytes,
        Duration delete,
        Duration openTransaction) {
    Settings {
        scenarios = List.copyOf(scenarios);
        if (measured.isZero() || rounds < 1 || backlog < 1000 || fetchRecords < 1000 || partitions < 10) {
            throw new IllegalArgumentException("bench.seconds and bench.rounds are at least 1, bench.backlog and"
                    + " bench.fetch.records at least 1000, bench.partitions at least 10");
        }
        if (sliceMegabytes < 1 || deleteMegabytes < 1 || free.toSeconds() < 4 || delete.toSeconds() < 4) {
            throw new IllegalArgumentException("bench.slice.megabytes and bench.delete.megabytes are at least 1,"
                    + " bench.slice.seconds and bench.delete.seconds at least 4");
        }
        if (pollRecords < 6400 || consumers < 10 || idle.isZero()) {
            throw new IllegalArgumentException("bench.polls.records is at least 6400, bench.consumers at least 10,"
                    + " bench.idle.seconds at least 1");
        }
    }

    static Settings fromProperties() {
        return new Settings(
                Arrays.stream(System.getProperty("bench.scenario", "").split(","))
                        .map(String::strip)
                        .filter(name -> !name.isEmpty())
                        .toList(),
                seconds("bench.seconds", 8),
                seconds("bench.warmup", 8),
                number("bench.rounds", 3),
                number("bench.backlog", 10_000_000),
                number("bench.fetch.records", 3_000_000),
                number("bench.polls.records", 1_000_000),
                number("bench.consumers", 1_000),
                seconds("bench.idle.seconds", 60),
                number("bench.partitions", 5_000),
                number("bench.slice.megabytes", 2_000),
                seconds("bench.slice.seconds", 30),
                number("bench.delete.megabytes", 50),
                seconds("bench.delete.seconds", 60),
                seconds("bench.xmin.seconds", 300));
    }

    private static Duration seconds(String key, int otherwise) {
        return Duration.ofSeconds(number(key, otherwise));
    }

    private static int number(String key, int otherwise) {
        String value = System.getProperty(key, "").strip();
        try {
            int number = value.isEmpty() ? otherwise : Integer.parseInt(value);
            if (number < 0) {
                throw new IllegalArgumentException(key + " is negative: " + value);
            }
            return number;
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(key + " is no number: " + value, e);
        }
    }
}
