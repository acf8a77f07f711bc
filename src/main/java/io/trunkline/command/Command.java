package io.trunkline.command;

/** A command of the program. */
record Command(Syntax syntax, Action action) {
    /** What a command does. */
    @FunctionalInterface
    interface Action {
        /**
         * Does it, as the owner of the schema.
         *
         * @throws UsageException if a value is wrong
         * @throws CommandException if it cannot be done
         */
        void run(Arguments given, OwnerStore store, Output output);
    }
}
