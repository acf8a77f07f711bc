package io.trunkline.bench;

import java.util.List;
import java.util.Locale;

/**
 * A line chart as SVG that takes its colours from the page.
 *
 * @param unit of the values
 * @param xLabels what stands below each point, in even steps; only some are shown when there are many
 * @param logarithmic whether equal factors are equal distances
 */
record Plot(String title, String unit, List<String> xLabels, boolean logarithmic, List<Series> series) {
    private static final int WIDTH = 560;
    private static final int HEIGHT = 260;
    private static final int LEFT = 70;
    private static final int RIGHT = 12;
    private static final int TOP = 26;
    private static final int BOTTOM = 30;
    private static final int MOST_LABELS = 12;
    private static final int STEPS = 4;

    Plot {
        xLabels = List.copyOf(xLabels);
        series = List.copyOf(series);
    }

    /** A line; its style is a class of the page. */
    record Series(String name, String style, List<Double> values) {
        Series {
            values = List.copyOf(values);
        }
    }

    String svg() {
        double max = series.stream()
                .flatMap(line -> line.values().stream())
                .mapToDouble(Double::doubleValue)
                .max()
                .orElse(1);
        double min = series.stream()
                .flatMap(line -> line.values().stream())
                .mapToDouble(Double::doubleValue)
                .filter(value -> value > 0)
                .min()
                .orElse(1);
        Scale scale = logarithmic
                ? new Scale(
                        Math.floor(Math.log10(min)),
                        Math.max(Math.floor(Math.log10(min)) + 1, Math.ceil(Math.log10(max))),
                        true)
                : new Scale(0, nice(Math.max(max, 1e-9)), false);
        StringBuilder svg = new StringBuilder();
        svg.append(
                format("<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", WIDTH, HEIGHT, escape(title)));
        for (double tick : scale.ticks()) {
            double y = y(scale.position(tick));
            svg.append(format(
                    "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, WIDTH - RIGHT, y, y));
            svg.append(format(
                    "<text class=\"axis\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                    LEFT - 6, y + 4, number(tick)));
        }
        int every = (xLabels.size() + MOST_LABELS - 1) / MOST_LABELS;
        for (int i = 0; i < xLabels.size(); i += Math.max(1, every)) {
            svg.append(format(
                    "<text class=\"axis\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
                    x(i), HEIGHT - BOTTOM + 18, escape(xLabels.get(i))));
        }
        svg.append(format("<text class=\"axis\" x=\"4\" y=\"%d\">%s</text>\n", TOP - 14, escape(unit)));
        for (Series line : series) {
            line(svg, line, scale);
        }
        return svg.append("</svg>\n").toString();
    }

    private void line(StringBuilder svg, Series line, Scale scale) {
        StringBuilder points = new StringBuilder();
        StringBuilder circles = new StringBuilder();
        for (int i = 0; i < line.values().size(); i++) {
            double value = line.values().get(i);
            if (value > 0 || !logarithmic) {
                double x = x(i);
                double y = y(scale.position(value));
                points.append(format("%.1f,%.1f ", x, y));
                circles.append(format(
                        "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.2\"><title>%s: %s</title></circle>\n",
                        line.style(), x, y, escape(line.name()), number(value)));
            }
        }
        svg.append(format(
                "<polyline class=\"%s\" points=\"%s\"><title>%s</title></polyline>\n",
                line.style(), points.toString().strip(), escape(line.name())));
        svg.append(circles);
    }

    /** From values to a height between 0 and 1. */
    private record Scale(double from, double to, boolean logarithmic) {
        double position(double value) {
            return ((logarithmic ? Math.log10(value) : value) - from) / (to - from);
        }

        double[] ticks() {
            if (!logarithmic) {
                double[] ticks = new double[STEPS + 1];
                for (int i = 0; i <= STEPS; i++) {
                    ticks[i] = to * i / STEPS;
                }
                return ticks;
            }
            double[] ticks = new double[(int) (to - from) + 1];
            for (int i = 0; i < ticks.length; i++) {
                ticks[i] = Math.pow(10, from + i);
            }
            return ticks;
        }
    }

    private double x(int index) {
        double width = WIDTH - LEFT - RIGHT - 20;
        return LEFT + 10 + (xLabels.size() < 2 ? width / 2 : width * index / (xLabels.size() - 1));
    }

    private static double y(double position) {
        return HEIGHT - BOTTOM - position * (HEIGHT - TOP - BOTTOM);
    }

    /** The next larger number that is easy to divide by four. */
    private static double nice(double value) {
        double power = Math.pow(10, Math.floor(Math.log10(value)));
        for (double step : new double[] {1, 2, 4, 6, 8, 10}) {
            if (step * power >= value) {
                return step * power;
            }
        }
        return 10 * power;
    }

    private static String number(double value) {
        if (value >= 1e6) {
            return format("%.1fM", value / 1e6);
        }
        if (value >= 1e4) {
            return format("%.0fk", value / 1e3);
        }
        return value >= 10 || value == 0 ? format("%.0f", value) : format("%.3g", value);
    }

    private static String format(String format, Object... arguments) {
        return String.format(Locale.ROOT, format, arguments);
    }

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
