package io.trunkline.command;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What was given to a command, checked against its {@link Syntax}. */
record Arguments(Map<String, List<String>> options, Optional<String> operand) {
    Arguments {
        options = Map.copyOf(options);
    }

    /** The value of an option that is required. */
    String one(String option) {
        return all(option).getFirst();
    }

    Optional<String> maybe(String option) {
        return all(option).stream().findFirst();
    }

    List<String> all(String option) {
        return options.getOrDefault(option, List.of());
    }

    boolean has(String option) {
        return options.containsKey(option);
    }
}
