package io.trunkline.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/** What processes have used so far, by {@code /proc} where there is one. */
final class Processes {
    /** What the kernel counts times of processes in for programs, whatever it does inside. */
    private static final double TICKS_PER_SECOND = 100;

    private static final Path PROC = Path.of("/proc");

    private Processes() {}

    /** CPU seconds of a process and of everything below it, also of what has ended already where the system tells. */
    static double cpuSeconds(ProcessHandle process) {
        return Stream.concat(Stream.of(process), process.descendants())
                .mapToDouble(Processes::ownCpuSeconds)
                .sum();
    }

    private static double ownCpuSeconds(ProcessHandle process) {
        Path stat = PROC.resolve(process.pid() + "/stat");
        try {
            if (Files.exists(stat)) {
                String line = Files.readString(stat, StandardCharsets.ISO_8859_1);
                // Fields 14 to 17 (utime, stime, cutime, cstime); the name before them may contain anything.
                String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ");
                long ticks = 0;
                for (int i = 11; i <= 14; i++) {
                    ticks += Long.parseLong(fields[i]);
                }
                return ticks / TICKS_PER_SECOND;
            }
        } catch (IOException e) {
            return 0; // it ended just now, and its parent has its time
        }
        return process.info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1e3;
    }

    /** The most memory that a process had resident since the last reset, or -1. */
    static long peakBytes(ProcessHandle process) {
        Path status = PROC.resolve(process.pid() + "/status");
        try {
            if (!Files.exists(status)) {
                return -1;
            }
            return Files.readAllLines(status, StandardCharsets.ISO_8859_1).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
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
