package io.trunkline.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trunkline.access.NamePattern;
import io.trunkline.access.Resource;
import io.trunkline.access.Right;
import io.trunkline.access.Rule;
import io.trunkline.access.Subject;
import java.util.ArrayList;
import java.util.List;

/** The commands for rules. */
final class RuleCommands {
    private RuleCommands() {}

    static List<Command> all() {
        return List.of(
                new Command(
                        Syntax.of(
                                "rule allow",
                                "Lets a principal, or everybody who has a role, do something with topics or groups; prints the ids of the rules",
                                Option.atMostOnce("principal", "NAME", "whom it is for"),
                                Option.atMostOnce("role", "ROLE", "whom it is for, instead of a principal"),
                                Option.atLeastOnce(
                                        "right", "RIGHT", "read, write or manage for topics, use or manage for groups"),
                                Option.any("topic", "NAME", "a topic, all that begin with NAME*, or * for all"),
                                Option.any("group", "NAME", "a group, all that begin with NAME*, or * for all")),
                        RuleCommands::allow),
                new Command(
                        Syntax.of("rule list", "Lists the rules", Option.flag("json", "as JSON")), RuleCommands::list),
                new Command(Syntax.ofOne("rule delete", "ID", "Deletes a rule"), RuleCommands::delete));
    }

    private static void allow(Arguments given, OwnerStore store, Output output) {
        List<Rule> rules = rules(given);
        for (Rule rule : rules) {
            long id = store.addRule(rule);
            output.result(Long.toString(id));
            output.note("Rule " + id + ": " + described(rule) + ".");
        }
    }

    /** All of them, before the first is written. */
    private static List<Rule> rules(Arguments given) {
        if (given.has("principal") == given.has("role")) {
            throw new UsageException("A rule is for one --principal NAME or one --role ROLE.");
        }
        if (given.all("topic").isEmpty() && given.all("group").isEmpty()) {
            throw new UsageException("A rule is about a --topic NAME or a --group NAME, NAME* or *.");
        }
        Subject subject = given.has("role")
                ? new Subject.OfRole(Names.role(given.one("role")))
                : new Subject.OfPrincipal(Names.principal(given.one("principal")));
        List<Rule> rules = new ArrayList<>();
        for (String right : given.all("right")) {
            given.all("topic").forEach(name -> rules.add(rule(subject, right(right), Resource.TOPIC, name)));
            given.all("group").forEach(name -> rules.add(rule(subject, right(right), Resource.GROUP, name)));
        }
        return rules;
    }

    private static Rule rule(Subject subject, Right right, Resource resource, String name) {
        try {
            return new Rule(subject, right, resource, NamePattern.parse(name));
        } catch (IllegalArgumentException e) {
            throw new UsageException("Not a rule: " + e.getMessage() + ".");
        }
    }

    private static Right right(String text) {
        for (Right right : Right.values()) {
            if (right.text().equals(text)) {
                return right;
            }
        }
        throw new UsageException(
                "Unknown right: " + text + ". Topics have read, write and manage, groups use and manage.");
    }

    private static String described(Rule rule) {
        return rule.subject().kind() + " " + rule.subject().name() + " may "
                + rule.right().text() + " the " + rule.resource().text()
                + (rule.name().prefix() ? "s " : " ") + rule.name();
    }

    private static void list(Arguments given, OwnerStore store, Output output) {
        List<StoredRule> rules = store.rules();
        if (given.has("json")) {
            ArrayNode list = Json.array();
            rules.forEach(rule -> describe(rule, list.addObject()));
            output.result(Json.text(list));
            return;
        }
        TextTable table = new TextTable("ID", "FOR", "NAME", "RIGHT", "ON", "NAME", "SOURCE", "CREATED BY");
        for (StoredRule stored : rules) {
            Rule rule = stored.rule();
            table.add(
                    Long.toString(stored.id()),
                    rule.subject().kind(),
                    rule.subject().name(),
                    rule.right().text(),
                    rule.resource().text(),
                    rule.name().toString(),
                    stored.source(),
                    stored.createdBy());
        }
        output.result(table.toString());
    }

    private static void describe(StoredRule stored, ObjectNode object) {
        Rule rule = stored.rule();
        object.put("id", stored.id());
        object.put(rule.subject().kind(), rule.subject().name());
        object.put("right", rule.right().text());
        object.put(rule.resource().text(), rule.name().toString());
        object.put("source", stored.source());
        object.put("created_by", stored.createdBy());
    }

    private static void delete(Arguments given, OwnerStore store, Output output) {
        String text = given.operand().orElseThrow();
        if (!text.matches("[0-9]{1,18}")) {
            throw new UsageException("The id of a rule is a number, as rule list shows it.");
        }
        String source = store.deleteRule(Long.parseLong(text))
                .orElseThrow(() -> new CommandException("There is no rule " + text + "."));
        output.note("Deleted the rule " + text + "." + Sources.warning(source));
    }
}
