package io.trunkline.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** The report as one page that needs nothing else: a table and plots, for light and dark screens. */
record HtmlReport(Report report) {
    private static final String HEAD = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Trunkline benchmark</title>
            <style>
            :root { color-scheme: light dark; --text: #1c2733; --soft: #667380; --line: #d9dee3; --back: #fff;
                    --a: #0b6bcb; --b: #b7791f; --c: #c2410c; --d: #9f1239; }
            @media (prefers-color-scheme: dark) {
              :root { --text: #e3e8ed; --soft: #98a4b0; --line: #37424d; --back: #14191f;
                      --a: #62aef5; --b: #e6b450; --c: #fb923c; --d: #fb7199; }
            }
            body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
                   max-width: 1250px; margin: 2rem auto; padding: 0 1rem; }
            table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
            th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
            th { color: var(--soft); font-weight: 600; white-space: normal; vertical-align: bottom; }
            th:nth-child(-n+2), td:nth-child(-n+2) { text-align: left; }
            tr.bare td { color: var(--soft); }
            tr.bare td:first-child { padding-left: 1.6rem; }
            .scroll { overflow-x: auto; }
            .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 1.5rem; }
            figure { margin: 0; }
            figcaption { font-weight: 600; }
            .legend, .about { color: var(--soft); font-size: 13px; }
            .legend span { margin-right: 1rem; }
            .legend i { display: inline-block; width: 1.2rem; height: 0; border-top: 2px solid; vertical-align: middle;
                        margin-right: .3rem; }
            .axis { fill: var(--soft); font-size: 11px; }
            .grid { stroke: var(--line); }
            polyline { fill: none; stroke-width: 1.8; }
            polyline.a { stroke: var(--a); } polyline.b { stroke: var(--b); }
            polyline.c { stroke: var(--c); } polyline.d { stroke: var(--d); }
            circle.a { fill: var(--a); } circle.b { fill: var(--b); } circle.c { fill: var(--c); } circle.d { fill: var(--d); }
            i.a { border-color: var(--a); } i.b { border-color: var(--b); }
            i.c { border-color: var(--c); } i.d { border-color: var(--d); }
            </style>
            </head>
            <body>
            <h1>Trunkline benchmark</h1>
            """;

    void write(Path file) throws IOException {
        StringBuilder html = new StringBuilder(HEAD);
        Report.Machine machine = report.machine();
        html.append("<p class=\"about\">")
                .append(Plot.escape(String.format(
                        Locale.ROOT,
                        "%s · %d cores, %.1f GiB, %s %s · Java %s · PostgreSQL %s · %s",
                        report.date(),
                        machine.cores(),
                        machine.memoryBytes() / (double) (1 << 30),
                        machine.os(),
                        machine.arch(),
                        machine.java(),
                        report.postgres().get("server_version"),
                        report.settings())))
                .append("</p>\n");
        table(html);
        html.append("<p class=\"about\">Medians of the rounds. Of the limit: against the line below it. CPU seconds a")
                .append(" million records. Commit: one row, just before each run.</p>\n");
        html.append("<h2>Throughput over time</h2>\n<div class=\"plots\">\n");
        groups(Run.Measure.RECORDS_PER_SECOND).forEach(name -> throughput(html, name));
        html.append("</div>\n<h2>Latency by load</h2>\n<div class=\"plots\">\n");
        groups(Run.Measure.P50_MILLIS).forEach(name -> latency(html, name));
        html.append("</div>\n<h2>Scenarios</h2>\n<dl>\n");
        report.scenarios()
                .forEach((name, text) -> html.append("<dt><b>")
                        .append(Plot.escape(name))
                        .append("</b></dt><dd>")
                        .append(Plot.escape(text))
                        .append("</dd>\n"));
        html.append("</dl>\n<h2>PostgreSQL</h2>\n<p class=\"about\">")
                .append(Plot.escape(report.postgres().toString()))
                .append("</p>\n</body>\n</html>\n");
        Files.writeString(file, html);
    }

    private void table(StringBuilder html) {
        html.append("<div class=\"scroll\"><table>\n<tr>");
        Table.COLUMNS.forEach(
                column -> html.append("<th>").append(Plot.escape(column)).append("</th>"));
        html.append("</tr>\n");
        for (Summary line : report.summaries()) {
            html.append(line.baseline() ? "<tr class=\"bare\">" : "<tr>");
            Table.cells(line)
                    .forEach(cell ->
                            html.append("<td>").append(Plot.escape(cell)).append("</td>"));
            html.append("</tr>\n");
        }
        html.append("</table></div>\n");
    }

    private List<String> groups(Run.Measure measure) {
        return report.runs().stream()
                .filter(run -> run.measure() == measure)
                .map(Run::scenario)
                .distinct()
                .toList();
    }

    private void throughput(StringBuilder html, String scenario) {
        List<Run> runs = report.runs().stream()
                .filter(run -> run.scenario().equals(scenario))
                .toList();
        List<Plot.Series> series = new ArrayList<>();
        int seconds = 0;
        for (Run run : runs) {
            seconds = Math.max(seconds, run.perSecond().size());
            series.add(new Plot.Series(
                    run.side() + ", round " + run.round(),
                    run.baseline() ? "b" : "a",
                    run.perSecond().stream().map(Long::doubleValue).toList()));
        }
        List<String> labels =
                IntStream.rangeClosed(1, seconds).mapToObj(Integer::toString).toList();
        figure(
                html,
                new Plot(scenario, "records/s by second", labels, false, series),
                Map.of("a", "scenario", "b", "what it is compared with"));
    }

    private void latency(StringBuilder html, String scenario) {
        List<Summary> lines = report.summaries().stream()
                .filter(line -> line.scenario().equals(scenario) && !line.baseline())
                .toList();
        List<Plot.Series> series = List.of(
                percentile("p50", "a", lines, Summary::p50),
                percentile("p95", "b", lines, Summary::p95),
                percentile("p99", "c", lines, Summary::p99),
                percentile("max", "d", lines, Summary::latencyMax));
        figure(
                html,
                new Plot(scenario, "ms", lines.stream().map(Summary::load).toList(), true, series),
                Map.of("a", "p50", "b", "p95", "c", "p99", "d", "max"));
    }

    private static Plot.Series percentile(
            String name, String style, List<Summary> lines, ToDoubleFunction<Summary> figure) {
        return new Plot.Series(
                name, style, lines.stream().map(figure::applyAsDouble).toList());
    }

    private static void figure(StringBuilder html, Plot plot, Map<String, String> legend) {
        html.append("<figure>\n<figcaption>").append(Plot.escape(plot.title())).append("</figcaption>\n");
        html.append(plot.svg()).append("<div class=\"legend\">");
        legend.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(entry -> html.append("<span><i class=\"")
                        .append(entry.getKey())
                        .append("\"></i>")
                        .append(entry.getValue())
                        .append("</span>"));
        html.append("</div>\n</figure>\n");
    }
}
