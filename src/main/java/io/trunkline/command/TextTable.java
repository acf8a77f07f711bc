package io.trunkline.command;

import java.util.ArrayList;
import java.util.List;

/** A table for a terminal: columns as wide as they must be, and nothing in it that a terminal would obey. */
final class TextTable {
    private static final String GAP = "  ";

    private final List<List<String>> rows = new ArrayList<>();

    TextTable(String... heads) {
        add(heads);
    }

    void add(String... cells) {
        rows.add(List.of(cells).stream().map(TextTable::harmless).toList());
    }

    /** Others chose what a description holds. */
    private static String harmless(String cell) {
        return cell.replaceAll("[\\p{Cntrl}\\p{Cf}]", "?");
    }

    @Override
    public String toString() {
        int columns = rows.getFirst().size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        List<String> lines = new ArrayList<>();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                line.append(row.get(i))
                        .append(" ".repeat(widths[i] - row.get(i).length()))
                        .append(GAP);
            }
            lines.add(line.toString().stripTrailing());
        }
        return String.join("\n", lines);
    }
}
