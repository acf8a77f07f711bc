package io.trunkline.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.List;

/** The commands for the roles of principals, which they have however they prove who they are. */
final class RoleCommands {
    private static final Option PRINCIPAL = Option.once("principal", "NAME", "whose role it is");
    private static final Option ROLE = Option.once("role", "ROLE", "admin, writer, reader, or one that rules are for");

    private RoleCommands() {}

    static List<Command> all() {
        return List.of(
                new Command(
                        Syntax.of("role add", "Gives a principal a role, however it proves who it is", PRINCIPAL, ROLE),
                        RoleCommands::add),
                new Command(
                        Syntax.of("role list", "Lists the roles of principals", Option.flag("json", "as JSON")),
                        RoleCommands::list),
                new Command(
                        Syntax.of("role remove", "Takes a role away from a principal", PRINCIPAL, ROLE),
                        RoleCommands::remove));
    }

    private static void add(Arguments given, OwnerStore store, Output output) {
        String principal = Names.principal(given.one("principal"));
        String role = Names.role(given.one("role"));
        output.note(
                store.addRole(principal, role)
                        ? principal + " has the role " + role + " now."
                        : principal + " has the role " + role + " already.");
    }

    private static void list(Arguments given, OwnerStore store, Output output) {
        List<StoredRole> roles = store.roles();
        if (given.has("json")) {
            ArrayNode list = Json.array();
            roles.forEach(role -> list.addObject()
                    .put("principal", role.principal())
                    .put("role", role.role())
                    .put("source", role.source()));
            output.result(Json.text(list));
            return;
        }
        TextTable table = new TextTable("PRINCIPAL", "ROLE", "SOURCE");
        roles.forEach(role -> table.add(role.principal(), role.role(), role.source()));
        output.result(table.toString());
    }

    private static void remove(Arguments given, OwnerStore store, Output output) {
        String principal = Names.principal(given.one("principal"));
        String role = Names.role(given.one("role"));
        String source = store.removeRole(principal, role)
                .orElseThrow(() -> new CommandException(principal + " does not have the role " + role + "."));
        output.note(principal + " has the role " + role + " no longer." + Sources.warning(source));
    }
}
