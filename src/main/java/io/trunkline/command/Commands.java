package io.trunkline.command;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.SmallRyeConfig;
import io.trunkline.embedded.BorrowedPostgres;
import io.trunkline.embedded.EmbeddedConfig;
import io.trunkline.embedded.EmbeddedException;
import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.jdbc.DatabaseUrl;
import java.io.PrintStream;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The commands that change who may use the service. They talk to the database as the owner of the schema, without the service:
 * to that of {@code trunkline.database.url}, or else to the embedded one, whether the service runs on it or not.
 */
public final class Commands {
    private static final int DONE = 0;
    private static final int FAILED = 1;
    private static final int WRONG_USAGE = 2;
    /** EX_CONFIG of sysexits.h. */
    private static final int WRONG_CONFIGURATION = 78;

    private static final Set<String> HELP = Set.of("--help", "-h", "help");
    private static final String ADMIN_TOKEN_SECRET = "admin-token-secret";
    private static final Syntax MIGRATE = Syntax.of(
            "migrate",
            "Brings the schema up to date and ends; with trunkline.access.file, also roles and rules",
            Option.atMostOnce(
                    ADMIN_TOKEN_SECRET,
                    "NAME",
                    "in a pod of Kubernetes: a Secret that is created, once, with a token of an administrator"));
    private static final List<Command> ALL = Stream.of(TokenCommands.all(), RoleCommands.all(), RuleCommands.all())
            .flatMap(List::stream)
            .toList();

    private Commands() {}

    /** Whether arguments of the program are a command, or ask for help. */
    public static boolean know(List<String> words) {
        return !words.isEmpty()
                && (HELP.contains(words.getFirst())
                        || ALL.stream().anyMatch(command -> isOf(command, words.getFirst()))
                        || words.getFirst().equals(MIGRATE.name()) && !isMigration(words));
    }

    /** Whether the rest of a command line that begins with migrate says to migrate; else {@link #run} says what is wrong. */
    private static boolean isMigration(List<String> words) {
        try {
            migration(words);
            return true;
        } catch (UsageException e) {
            return false;
        }
    }

    private static Arguments migration(List<String> words) {
        return MIGRATE.parse(words.subList(1, words.size()));
    }

    /**
     * Does what the command migrate does after the schema is up to date.
     *
     * @param environment of the process
     * @return the exit status of the program
     */
    public static int afterMigration(
            List<String> words,
            DatabaseConfig database,
            Clock clock,
            Map<String, String> environment,
            PrintStream err) {
        Optional<String> secret = migration(words).maybe(ADMIN_TOKEN_SECRET);
        if (secret.isEmpty()) {
            return DONE;
        }
        try (KubernetesSecrets secrets = KubernetesSecrets.ofThisPod(environment);
                OwnerStore store = OwnerStore.open(
                        DatabaseUrl.parse(database.url().orElseThrow()),
                        owner(database),
                        database.owner().password(),
                        database.schema(),
                        database.responseTimeout())) {
            err.println(new AdminToken(secrets, store, clock).keepIn(secret.get()));
            return DONE;
        } catch (UsageException e) {
            err.println(e.getMessage());
            return WRONG_USAGE;
        } catch (CommandException e) {
            err.println(e.getMessage());
            return FAILED;
        } catch (ConfigurationException e) {
            err.println(e.getMessage());
            return WRONG_CONFIGURATION;
        }
    }

    /**
     * Runs a command.
     *
     * @param config asked for only where the database is needed
     * @return the exit status of the program
     */
    public static int run(List<String> words, Supplier<SmallRyeConfig> config, PrintStream out, PrintStream err) {
        Output output = new Output(out, err);
        try {
            if (HELP.contains(words.getFirst())) {
                output.result(overview(ALL.stream().map(Command::syntax).toList()));
                return DONE;
            }
            if (words.getFirst().equals(MIGRATE.name())) {
                if (!asksForHelp(words)) {
                    migration(words);
                }
                output.result(MIGRATE.help());
                return DONE;
            }
            return run(words, config, output);
        } catch (UsageException e) {
            output.note(String.valueOf(e.getMessage()));
            return WRONG_USAGE;
        } catch (CommandException | EmbeddedException e) {
            output.note(String.valueOf(e.getMessage()));
            return FAILED;
        } catch (ConfigurationException | ConfigValidationException e) {
            output.note(String.valueOf(e.getMessage()));
            return WRONG_CONFIGURATION;
        }
    }

    private static int run(List<String> words, Supplier<SmallRyeConfig> config, Output output) {
        List<Command> group =
                ALL.stream().filter(command -> isOf(command, words.getFirst())).toList();
        String name = String.join(" ", words.subList(0, Math.min(2, words.size())));
        Optional<Command> command =
                group.stream().filter(one -> one.syntax().name().equals(name)).findFirst();
        if (command.isEmpty()) {
            String help = overview(group.stream().map(Command::syntax).toList());
            if (asksForHelp(words)) {
                output.result(help);
                return DONE;
            }
            throw new UsageException(
                    (words.size() < 2 ? "A command is missing after " : "Unknown command: ") + name + ".\n\n" + help);
        }
        List<String> rest = words.subList(2, words.size());
        if (asksForHelp(rest)) {
            output.result(command.get().syntax().help());
            return DONE;
        }
        Arguments given = command.get().syntax().parse(rest);
        run(command.get(), given, config.get(), output);
        return DONE;
    }

    private static void run(Command command, Arguments given, SmallRyeConfig config, Output output) {
        DatabaseConfig database = config.getConfigMapping(DatabaseConfig.class);
        if (database.url().isPresent()) {
            DatabaseUrl url = DatabaseUrl.parse(database.url().get());
            try (OwnerStore store = OwnerStore.open(
                    url, owner(database), database.owner().password(), database.schema(), database.responseTimeout())) {
                command.action().run(given, store, output);
            }
            return;
        }
        EmbeddedConfig embedded = config.getConfigMapping(EmbeddedConfig.class);
        try (BorrowedPostgres server =
                        BorrowedPostgres.of(embedded.dataDirectory(), embedded.port(), embedded.startupTimeout());
                OwnerStore store = OwnerStore.open(
                        DatabaseUrl.parse(server.url()),
                        server.ownerUsername(),
                        Optional.of(server.ownerPassword()),
                        database.schema(),
                        database.responseTimeout())) {
            command.action().run(given, store, output);
        }
    }

    private static String owner(DatabaseConfig database) {
        return database.owner()
                .username()
                .orElseThrow(() -> new ConfigurationException(
                        "trunkline.database.owner.username is not set (environment: TRUNKLINE_DATABASE_OWNER_USERNAME):"
                                + " this command works as the owner of the schema, as migrate does."));
    }

    private static boolean isOf(Command command, String group) {
        return command.syntax().name().startsWith(group + " ");
    }

    private static boolean asksForHelp(List<String> words) {
        return words.contains("--help") || words.contains("-h");
    }

    private static String overview(List<Syntax> commands) {
        StringBuilder text = new StringBuilder("Commands:\n");
        boolean isAll = commands.size() == ALL.size();
        if (isAll) {
            text.insert(0, "Without arguments the service starts. ");
            append(text, MIGRATE);
        }
        commands.forEach(syntax -> append(text, syntax));
        return text.append("\n<command> --help explains one. Settings are given as environment variables or system")
                .append(" properties; the commands\nuse the database of trunkline.database.url as")
                .append(" trunkline.database.owner.username, or else the embedded one.")
                .toString();
    }

    private static void append(StringBuilder text, Syntax syntax) {
        text.append("  ")
                .append(String.format("%-13s", syntax.name()))
                .append(syntax.summary())
                .append('\n');
    }
}
