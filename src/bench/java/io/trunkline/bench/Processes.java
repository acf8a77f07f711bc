package io.trunkline.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What processes have used so far, by {@code /proc} where there is one. */
final class Processes {
    /** What the kernel counts times of processes in for programs, whatever it does inside. */
    private static final double TICKS_PER_SECOND = 100;

    private static final Path PROC = Path.of("/proc");

    private Processes() {}

    /** One line of {@code /proc}: who the parent is, and the ticks of the process and of its children that ended. */
    private record Stat(long pid, long parent, long ticks) {
        /** Fields 4 (ppid) and 14 to 17 (utime, stime, cutime, cstime); the name before them may contain anything. */
        static Stat parse(String line) {
            String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
            long ticks = 0;
            for (int i = 11; i <= 14; i++) {
                ticks += Long.parseLong(fields[i]);
            }
            return new Stat(Long.parseLong(line.substring(0, line.indexOf(' '))), Long.parseLong(fields[1]), ticks);
        }
    }

    /** CPU seconds of a process and of everything below it, also of what has ended already where the system tells. */
    static double cpuSeconds(ProcessHandle process) {
        if (!Files.exists(PROC.resolve("self/stat"))) {
            return Stream.concat(Stream.of(process), process.descendants())
                            .mapToLong(p -> p.info()
                                    .totalCpuDuration()
                                    .orElse(Duration.ZERO)
                                    .toMillis())
                            .sum()
                    / 1e3;
        }
        List<Stat> all = stats();
        Set<Long> family = new HashSet<>(Set.of(process.pid()));
        boolean grown = true;
        while (grown) {
            grown = false;
            for (Stat stat : all) {
                grown |= family.contains(stat.parent()) && family.add(stat.pid());
            }
        }
        return all.stream()
                        .filter(s -> family.contains(s.pid()))
                        .mapToLong(Stat::ticks)
                        .sum()
                / TICKS_PER_SECOND;
    }

    private static List<Stat> stats() {
        List<Stat> stats = new ArrayList<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
            processes.forEach(process -> stat(process).ifPresent(stats::add));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return stats;
    }

    private static Optional<Stat> stat(Path process) {
        try {
            return Optional.of(Stat.parse(Files.readString(process.resolve("stat"), StandardCharsets.ISO_8859_1)));
        } catch (IOException e) {
            return Optional.empty(); // it ended just now, and its parent has its time
        }
    }

    /** The most memory that a process had resident since the last reset, or -1. */
    static long peakBytes(ProcessHandle process) {
        long kilobytes = status(process, "VmHWM:");
        return kilobytes < 0 ? -1 : kilobytes * 1024;
    }

    /** How many threads a process has, or -1. */
    static long threads(ProcessHandle process) {
        return status(process, "Threads:");
    }

    /** The number in a line of the status, or -1. */
    private static long status(ProcessHandle process, String name) {
        Path status = PROC.resolve(process.pid() + "/status");
        try {
            if (!Files.exists(status)) {
                return -1;
            }
            return Files.readAllLines(status, StandardCharsets.ISO_8859_1).stream()
                    .filter(line -> line.startsWith(name))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElse(-1);
        } catch (IOException e) {
            return -1;
        }
    }

    /** Begins the search for the peak anew; where the system does not allow that, it goes on since the start. */
    static void resetPeak(ProcessHandle process) {
        try {
            Files.writeString(PROC.resolve(process.pid() + "/clear_refs"), "5");
        } catch (IOException e) {
            return; // the peak since the start is still a true upper bound
        }
    }
}
