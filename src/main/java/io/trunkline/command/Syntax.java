package io.trunkline.command;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a command line looks like.
 *
 * @param name of the command, such as {@code token create}
 * @param summary what it does, in one line
 * @param operand what the help calls the one argument without a name, if it takes one
 */
record Syntax(String name, String summary, Optional<String> operand, List<Option> options) {
    private static final String END_OF_OPTIONS = "--";

    Syntax {
        options = List.copyOf(options);
    }

    static Syntax of(String name, String summary, Option... options) {
        return new Syntax(name, summary, Optional.empty(), List.of(options));
    }

    static Syntax ofOne(String name, String operand, String summary) {
        return new Syntax(name, summary, Optional.of(operand), List.of());
    }

    /**
     * Reads what follows the name of the command.
     *
     * @throws UsageException if it is not as the syntax says
     */
    Arguments parse(List<String> words) {
        Map<String, List<String>> given = new LinkedHashMap<>();
        List<String> operands = new ArrayList<>();
        Deque<String> rest = new ArrayDeque<>(words);
        boolean areOptionsOver = false;
        while (!rest.isEmpty()) {
            String word = rest.removeFirst();
            if (areOptionsOver || !word.startsWith("-") || word.equals("-")) {
                operands.add(word);
            } else if (word.equals(END_OF_OPTIONS)) {
                areOptionsOver = true;
            } else {
                take(word, rest, given);
            }
        }
        for (Option option : options) {
            if (option.isRequired() && !given.containsKey(option.name())) {
                throw new UsageException(option.usage() + " is missing: " + option.meaning() + ". " + takes());
            }
        }
        if (operands.size() > (operand.isPresent() ? 1 : 0)) {
            throw new UsageException("Unknown argument: " + operands.getLast() + ". " + takes());
        }
        if (operand.isPresent() && operands.isEmpty()) {
            throw new UsageException(operand.get() + " is missing. " + takes());
        }
        return new Arguments(given, operands.stream().findFirst());
    }

    private void take(String word, Deque<String> rest, Map<String, List<String>> given) {
        int equals = word.indexOf('=');
        String written = equals < 0 ? word : word.substring(0, equals);
        Option option = options.stream()
                .filter(known -> written.equals("--" + known.name()))
                .findFirst()
                .orElseThrow(() -> new UsageException("Unknown option: " + written + ". " + takes()));
        List<String> values = given.computeIfAbsent(option.name(), name -> new ArrayList<>());
        if (!values.isEmpty() && !option.isRepeatable()) {
            throw new UsageException(written + " is given twice. " + takes());
        }
        if (option.isFlag()) {
            if (equals >= 0) {
                throw new UsageException(written + " takes no value. " + takes());
            }
            values.add("");
        } else if (equals >= 0) {
            values.add(word.substring(equals + 1));
        } else if (rest.isEmpty() || rest.getFirst().startsWith("--")) {
            throw new UsageException(written + " needs a value: " + option.meaning() + ". " + takes());
        } else {
            values.add(rest.removeFirst());
        }
    }

    /** What there is, in one line. */
    private String takes() {
        List<String> all = new ArrayList<>();
        operand.ifPresent(all::add);
        options.stream().map(Option::usage).forEach(all::add);
        return "The command " + name + " takes " + (all.isEmpty() ? "nothing" : String.join(", ", all))
                + "; --help explains it.";
    }

    /** The usage, and what each option means. */
    String help() {
        StringBuilder usage = new StringBuilder("Usage: ").append(name);
        operand.ifPresent(one -> usage.append(' ').append(one));
        for (Option option : options) {
            String written = option.usage() + (option.isRepeatable() ? " ..." : "");
            usage.append(option.isRequired() ? " " + written : " [" + written + "]");
        }
        int width = options.stream()
                .mapToInt(option -> option.usage().length())
                .max()
                .orElse(0);
        String explained = options.stream()
                .map(option -> "  " + option.usage()
                        + " ".repeat(width + 2 - option.usage().length()) + option.meaning() + "\n")
                .collect(Collectors.joining());
        return usage + "\n\n" + summary + ".\n" + (explained.isEmpty() ? "" : "\n" + explained);
    }
}
