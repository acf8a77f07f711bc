package io.trunkline.access;

import io.quarkus.runtime.configuration.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * What the file of {@code trunkline.access.file} holds: roles of principals, and rules. Nothing in it is an object of any class;
 * what is wrong in it is told with its line.
 */
record AccessFile(Set<PrincipalRole> roles, Set<Rule> rules) {
    private static final int MOST_BYTES = 1 << 20;
    private static final int MOST_ENTRIES = 10_000;
    private static final int MOST_ALIASES = 50;
    private static final int DEEPEST = 10;

    AccessFile {
        roles = Set.copyOf(roles);
        rules = Set.copyOf(rules);
    }

    /** A role that a principal has. */
    record PrincipalRole(String principal, String role) {}

    /**
     * Reads a file.
     *
     * @throws ConfigurationException if it cannot be read, or holds anything that is not expected
     */
    static AccessFile read(Path file) {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MOST_BYTES + 1);
        } catch (IOException e) {
            throw new ConfigurationException(
                    "The file of trunkline.access.file, " + file + ", cannot be read: " + e, e);
        }
        if (bytes.length > MOST_BYTES) {
            throw new ConfigurationException(
                    "The file of trunkline.access.file, " + file + ", is larger than 1 MiB: use roles and prefixes.");
        }
        return new Reader(file.toString()).file(bytes);
    }

    /** Reads one file and knows its name. */
    private static final class Reader {
        private final String name;
        private final Set<PrincipalRole> roles = new LinkedHashSet<>();
        private final Set<Rule> rules = new LinkedHashSet<>();

        Reader(String name) {
            this.name = name;
        }

        AccessFile file(byte[] bytes) {
            @Nullable Node root = compose(bytes);
            if (root != null) {
                mapping(root, Map.of("principals", this::principals, "rules", this::rules));
            }
            return new AccessFile(roles, rules);
        }

        private @Nullable Node compose(byte[] bytes) {
            LoaderOptions options = new LoaderOptions();
            options.setCodePointLimit(MOST_BYTES);
            options.setMaxAliasesForCollections(MOST_ALIASES);
            options.setNestingDepthLimit(DEEPEST);
            options.setAllowDuplicateKeys(false);
            try {
                String text = StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(bytes))
                        .toString();
                return new Yaml(new SafeConstructor(options)).compose(new StringReader(text));
            } catch (CharacterCodingException e) {
                throw new ConfigurationException("The file of trunkline.access.file, " + name + ", is not UTF-8.", e);
            } catch (MarkedYAMLException e) {
                int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
                throw refuse(line, "it is not YAML: " + e.getProblem());
            } catch (YAMLException e) {
                throw refuse(1, "it is not YAML that is taken here: " + e.getMessage());
            }
        }

        private void principals(Node node) {
            for (Node item : items(node, "a list of principals")) {
                List<String> names = new ArrayList<>();
                List<Node> given = new ArrayList<>();
                mapping(
                        item,
                        Map.of(
                                "name",
                                value -> names.add(checked(value, "the name of a principal", Principal::isLegalName)),
                                "roles",
                                value -> given.addAll(oneOrMore(value, "a role or a list of roles"))));
                if (names.isEmpty() || given.isEmpty()) {
                    throw refuse(item, "a principal has a name and roles");
                }
                for (Node role : given) {
                    roles.add(new PrincipalRole(
                            names.getFirst(),
                            checked(
                                    role,
                                    "the name of a role, of a-z, A-Z, 0-9, '.', '_', ':' and '-'",
                                    Principal::isLegalRole)));
                    bound(role, roles.size(), "roles of principals");
                }
            }
        }

        private void rules(Node node) {
            for (Node item : items(node, "a list of rules")) {
                List<Subject> subjects = new ArrayList<>();
                List<Node> rights = new ArrayList<>();
                List<Node> topics = new ArrayList<>();
                List<Node> groups = new ArrayList<>();
                mapping(
                        item,
                        Map.of(
                                "principal",
                                value -> subjects.add(made(value, Subject.OfPrincipal::new)),
                                "role",
                                value -> subjects.add(made(value, Subject.OfRole::new)),
                                "rights",
                                value -> rights.addAll(oneOrMore(value, "a right or a list of rights")),
                                "topics",
                                value -> topics.addAll(oneOrMore(value, "a name or a list of names")),
                                "groups",
                                value -> groups.addAll(oneOrMore(value, "a name or a list of names"))));
                if (subjects.size() != 1) {
                    throw refuse(item, "a rule is for one principal or one role");
                }
                if (rights.isEmpty() || topics.isEmpty() == groups.isEmpty()) {
                    throw refuse(item, "a rule has rights, and either topics or groups");
                }
                Resource resource = groups.isEmpty() ? Resource.TOPIC : Resource.GROUP;
                for (Node right : rights) {
                    Right known = right(right, resource);
                    for (Node pattern : groups.isEmpty() ? topics : groups) {
                        rules.add(new Rule(subjects.getFirst(), known, resource, made(pattern, NamePattern::parse)));
                        bound(pattern, rules.size(), "rules");
                    }
                }
            }
        }

        private Right right(Node node, Resource resource) {
            String text = text(node, "a right");
            return resource.right(text)
                    .orElseThrow(() -> refuse(
                            node,
                            resource == Resource.TOPIC
                                    ? "topics have the rights read, write and manage"
                                    : "groups have the rights use and manage"));
        }

        /** Reads a mapping with these keys and no others, each at most once. */
        private void mapping(Node node, Map<String, Consumer<Node>> readers) {
            String expected =
                    String.join(", ", readers.keySet().stream().sorted().toList());
            if (!(node instanceof MappingNode mapping)) {
                throw refuse(node, "expected a mapping with the keys " + expected);
            }
            Set<String> seen = new LinkedHashSet<>();
            for (NodeTuple entry : mapping.getValue()) {
                String key = text(entry.getKeyNode(), "one of the keys " + expected);
                Consumer<Node> reader = readers.get(key);
                if (reader == null) {
                    throw refuse(entry.getKeyNode(), "unknown key " + key + ", expected one of " + expected);
                }
                if (!seen.add(key)) {
                    throw refuse(entry.getKeyNode(), key + " is there twice");
                }
                reader.accept(entry.getValueNode());
            }
        }

        private List<Node> items(Node node, String expected) {
            if (!(node instanceof SequenceNode sequence)) {
                throw refuse(node, "expected " + expected);
            }
            return sequence.getValue();
        }

        private List<Node> oneOrMore(Node node, String expected) {
            return node instanceof ScalarNode ? List.of(node) : items(node, expected);
        }

        private String text(Node node, String expected) {
            if (!(node instanceof ScalarNode scalar)) {
                throw refuse(node, "expected " + expected);
            }
            return scalar.getValue();
        }

        private String checked(Node node, String expected, Predicate<String> isLegal) {
            String text = text(node, expected);
            if (!isLegal.test(text)) {
                throw refuse(node, "expected " + expected);
            }
            return text;
        }

        private <T> T made(Node node, Function<String, T> parser) {
            try {
                return parser.apply(text(node, "a name"));
            } catch (IllegalArgumentException e) {
                throw refuse(node, String.valueOf(e.getMessage()));
            }
        }

        private void bound(Node node, int count, String what) {
            if (count > MOST_ENTRIES) {
                throw refuse(node, "there may be at most 10,000 " + what);
            }
        }

        private ConfigurationException refuse(Node node, String reason) {
            return refuse(node.getStartMark().getLine() + 1, reason);
        }

        private ConfigurationException refuse(int line, String reason) {
            return new ConfigurationException("The file of trunkline.access.file is wrong, and nothing was changed: "
                    + name + ", line " + line + ": " + reason + ".");
        }
    }
}
