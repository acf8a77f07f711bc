package io.trunkline.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The summary as a table of text cells. */
final class Table {
    static final List<String> COLUMNS = List.of(
            "scenario",
            "load",
            "records/s or p50 ms",
            "min–max",
            "of the limit",
            "p50 ms",
            "p95 ms",
            "p99 ms",
            "max ms",
            "CPU s/M service",
            "CPU s/M PostgreSQL",
            "peak MB",
            "commit ms");

    private Table() {}

    static List<String> cells(Summary line) {
        boolean rate = line.measure() == Run.Measure.RECORDS_PER_SECOND;
        return List.of(
                line.baseline() ? "  " + line.side() : line.side(),
                line.load(),
                figure(line.median(), rate) + (rate ? " /s" : " ms"),
                figure(line.min(), rate) + "–" + figure(line.max(), rate),
                limit(line.ofTheLimit(), rate),
                latency(line.p50()),
                latency(line.p95()),
                latency(line.p99()),
                latency(line.latencyMax()),
                line.baseline() ? "" : figure(line.serviceCpuPerMillion(), false),
                figure(line.postgresCpuPerMillion(), false),
                line.baseline()
                        ? ""
                        : line.servicePeakBytes() < 0 ? "unknown" : "" + line.servicePeakBytes() / 1_000_000,
                figure(line.commitMillis(), false));
    }

    /** Lines of equal columns. */
    static String text(List<Summary> summaries) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(COLUMNS);
        summaries.forEach(line -> rows.add(cells(line)));
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            for (int c = 0; c < row.size(); c++) {
                int column = c;
                int width = rows.stream()
                        .mapToInt(r -> r.get(column).length())
                        .max()
                        .orElse(0);
                String padding = " ".repeat(width - row.get(c).length());
                text.append(c < 2 ? row.get(c) + padding : padding + row.get(c)).append("  ");
            }
            text.append('\n');
        }
        return text.toString();
    }

    private static String limit(@Nullable Double ratio, boolean rate) {
        if (ratio == null) {
            return "";
        }
        return rate ? String.format(Locale.ROOT, "%.0f %%", ratio * 100) : String.format(Locale.ROOT, "%.2f ×", ratio);
    }

    /** A latency in ms. None is that of a load that does not tell any. */
    private static String latency(double millis) {
        return millis == 0 ? "unknown" : figure(millis, false);
    }

    private static String figure(@Nullable Double value, boolean whole) {
        if (value == null) {
            return "";
        }
        return String.format(Locale.ROOT, whole || value >= 1000 ? "%,.0f" : "%.2f", value);
    }
}
