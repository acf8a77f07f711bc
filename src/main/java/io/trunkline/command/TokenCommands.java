package io.trunkline.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trunkline.access.ApiToken;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The commands for API tokens. */
final class TokenCommands {
    private static final int LONGEST_DESCRIPTION = 1000;
    private static final int MOST_ROLES = 100;

    private TokenCommands() {}

    static List<Command> all() {
        return List.of(
                new Command(
                        Syntax.of(
                                "token create",
                                "Creates an API token and prints it, once; the database keeps only a hash of it",
                                Option.once("principal", "NAME", "whose token it is"),
                                Option.any(
                                        "role",
                                        "ROLE",
                                        "a role of whoever shows the token: admin, writer, reader, or one that rules name"),
                                Option.once("expires", "TIME", "how long it is valid: " + Lifetime.FORM),
                                Option.atMostOnce("description", "TEXT", "what it is for, up to 1,000 characters")),
                        TokenCommands::create),
                new Command(
                        Syntax.of(
                                "token list",
                                "Lists the API tokens, without their secrets",
                                Option.flag("json", "as JSON")),
                        TokenCommands::list),
                new Command(
                        Syntax.ofOne(
                                "token revoke",
                                "ID",
                                "Revokes an API token, named by its id or by the token itself; within two seconds nobody gets in by it"),
                        TokenCommands::revoke));
    }

    private static void create(Arguments given, OwnerStore store, Output output) {
        String principal = Names.principal(given.one("principal"));
        List<String> roles =
                given.all("role").stream().map(Names::role).distinct().toList();
        if (roles.size() > MOST_ROLES) {
            throw new UsageException("A token has at most 100 roles.");
        }
        String description = given.maybe("description").orElse("");
        if (description.length() > LONGEST_DESCRIPTION) {
            throw new UsageException("A description has at most 1,000 characters.");
        }
        Optional<Duration> lifetime = Lifetime.parse(given.one("expires"));
        ApiToken token = ApiToken.random(new SecureRandom());
        store.addToken(token, principal, roles, description, lifetime.orElse(null));
        output.result(token.reveal());
        output.note("Created the token " + token.id() + " of " + principal
                + (roles.isEmpty() ? ", which has the roles and rules of its principal" : ", with " + roles(roles))
                + (lifetime.isEmpty() ? "; it never expires." : "; it expires after " + given.one("expires") + ".")
                + " It is shown this once: keep it.");
    }

    private static String roles(List<String> roles) {
        return (roles.size() == 1 ? "the role " : "the roles ") + String.join(", ", roles);
    }

    private static void list(Arguments given, OwnerStore store, Output output) {
        List<StoredToken> tokens = store.tokens();
        if (given.has("json")) {
            ArrayNode list = Json.array();
            tokens.forEach(token -> describe(token, list.addObject()));
            output.result(Json.text(list));
            return;
        }
        TextTable table = new TextTable("ID", "PRINCIPAL", "ROLES", "STATE", "EXPIRES", "LAST USED", "DESCRIPTION");
        for (StoredToken token : tokens) {
            table.add(
                    token.id(),
                    token.principal(),
                    String.join(",", token.roles()),
                    state(token),
                    shown(token.expiresAt()),
                    shown(token.lastUsedAt()),
                    token.description());
        }
        output.result(table.toString());
    }

    private static void describe(StoredToken token, ObjectNode object) {
        object.put("id", token.id());
        object.put("principal", token.principal());
        token.roles().forEach(object.putArray("roles")::add);
        object.put("description", token.description());
        object.put("state", state(token));
        object.put("created_by", token.createdBy());
        object.put("created_at", Json.time(token.createdAt()));
        object.put("expires_at", Json.time(token.expiresAt()));
        object.put("revoked_at", Json.time(token.revokedAt()));
        object.put("last_used_at", Json.time(token.lastUsedAt()));
    }

    private static String state(StoredToken token) {
        return token.state().name().toLowerCase(Locale.ROOT);
    }

    private static String shown(@Nullable OffsetDateTime time) {
        String text = Json.time(time);
        return text == null ? "never" : text;
    }

    private static void revoke(Arguments given, OwnerStore store, Output output) {
        String id = Names.tokenId(given.operand().orElseThrow());
        if (!store.revokeToken(id)) {
            throw new CommandException("There is no token " + id + ".");
        }
        output.note("Revoked the token " + id + ".");
    }
}
