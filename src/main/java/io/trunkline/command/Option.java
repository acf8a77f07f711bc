package io.trunkline.command;

/**
 * An option of a command, {@code --name value}, or {@code --name} alone where it takes no value.
 *
 * @param value what the help calls its value; empty if it takes none
 */
record Option(String name, String value, Presence presence, String meaning) {
    /** How often it is given. */
    enum Presence {
        ONCE,
        AT_MOST_ONCE,
        AT_LEAST_ONCE,
        ANY
    }

    static Option once(String name, String value, String meaning) {
        return new Option(name, value, Presence.ONCE, meaning);
    }

    static Option atMostOnce(String name, String value, String meaning) {
        return new Option(name, value, Presence.AT_MOST_ONCE, meaning);
    }

    static Option atLeastOnce(String name, String value, String meaning) {
        return new Option(name, value, Presence.AT_LEAST_ONCE, meaning);
    }

    static Option any(String name, String value, String meaning) {
        return new Option(name, value, Presence.ANY, meaning);
    }

    static Option flag(String name, String meaning) {
        return new Option(name, "", Presence.AT_MOST_ONCE, meaning);
    }

    boolean isFlag() {
        return value.isEmpty();
    }

    boolean isRequired() {
        return presence == Presence.ONCE || presence == Presence.AT_LEAST_ONCE;
    }

    boolean isRepeatable() {
        return presence == Presence.AT_LEAST_ONCE || presence == Presence.ANY;
    }

    /** As it is written, such as {@code --role ROLE}. */
    String usage() {
        return isFlag() ? "--" + name : "--" + name + " " + value;
    }
}
