package io.trunkline;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.javaparser.ParserConfiguration;
import com.github.javaparser.StaticJavaParser;
import com.github.javaparser.ast.body.ClassOrInterfaceDeclaration;
import com.github.javaparser.ast.body.MethodDeclaration;
import com.github.javaparser.ast.expr.AnnotationExpr;
import com.github.javaparser.ast.expr.Expression;
import com.github.javaparser.javadoc.Javadoc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The tables of docs/configuration.md are made from the config interfaces: {@code -Dconfiguration.update=true} writes them
 * anew.
 */
class ConfigurationDocTest {
    private static final Path DOCUMENT = Path.of("docs/configuration.md");
    private static final Path SOURCES = Path.of("src/main/java");
    private static final Pattern TABLE =
            Pattern.compile("(<!-- keys: ([a-z.]+) -->\n).*?(<!-- end of keys -->)", Pattern.DOTALL);

    /** One line of a table. */
    private record Key(String name, String defaultValue, String range, String description) {
        String row() {
            return "| `" + name + "` | " + (defaultValue.isEmpty() ? "" : "`" + defaultValue + "`") + " | " + range
                    + " | " + description + " |\n";
        }
    }

    @BeforeAll
    static void useCurrentJava() {
        StaticJavaParser.getParserConfiguration().setLanguageLevel(ParserConfiguration.LanguageLevel.JAVA_21);
    }

    @Test
    void tablesAreThoseOfTheConfigInterfaces() throws IOException {
        Map<String, List<Key>> keys = keysByPrefix();
        String document = Files.readString(DOCUMENT);

        String current = TABLE.matcher(document).replaceAll(table -> replacement(table, keys));
        if (Boolean.getBoolean("configuration.update")) {
            Files.writeString(DOCUMENT, current);
        }

        assertThat(Files.readString(DOCUMENT)).isEqualTo(current);
        assertThat(TABLE.matcher(document).results().map(table -> table.group(2)))
                .containsExactlyInAnyOrderElementsOf(keys.keySet());
    }

    @Test
    void everyKeyIsDescribed() throws IOException {
        assertThat(keysByPrefix().values().stream().flatMap(List::stream))
                .hasSizeGreaterThan(40)
                .allSatisfy(key -> assertThat(key.description()).endsWith("."));
    }

    private static String replacement(MatchResult table, Map<String, List<Key>> keys) {
        StringBuilder text =
                new StringBuilder(table.group(1)).append("| Key | Default | Range | |\n|---|---|---|---|\n");
        keys.getOrDefault(table.group(2), List.of()).forEach(key -> text.append(key.row()));
        return java.util.regex.Matcher.quoteReplacement(
                text.append(table.group(3)).toString());
    }

    private static Map<String, List<Key>> keysByPrefix() throws IOException {
        Map<String, List<Key>> keys = new TreeMap<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                if (!Files.readString(file).contains("@ConfigMapping(")) {
                    continue;
                }
                for (ClassOrInterfaceDeclaration type :
                        StaticJavaParser.parse(file).findAll(ClassOrInterfaceDeclaration.class)) {
                    annotation(type.getAnnotationByName("ConfigMapping"), "prefix")
                            .ifPresent(prefix -> keys.put(prefix, keys(type, prefix)));
                }
            }
        }
        return keys;
    }

    private static List<Key> keys(ClassOrInterfaceDeclaration type, String prefix) {
        List<Key> keys = new ArrayList<>();
        for (MethodDeclaration method : type.getMethods()) {
            String name = prefix + "." + kebab(method.getNameAsString());
            Optional<ClassOrInterfaceDeclaration> group = type.getMembers().stream()
                    .filter(ClassOrInterfaceDeclaration.class::isInstance)
                    .map(ClassOrInterfaceDeclaration.class::cast)
                    .filter(inner -> inner.getNameAsString().equals(method.getTypeAsString()))
                    .findFirst();
            if (group.isPresent()) {
                keys.addAll(keys(group.get(), name));
            } else {
                keys.add(key(method, name));
            }
        }
        return keys;
    }

    private static Key key(MethodDeclaration method, String name) {
        String least = annotation(method.getAnnotationByName("Min"), "value").orElse("");
        String most = annotation(method.getAnnotationByName("Max"), "value").orElse("");
        String range = least.isEmpty() ? "" : most.isEmpty() ? "from " + least : least + " to " + most;
        String description = method.getJavadoc()
                .map(Javadoc::getDescription)
                .map(d -> text(d.toText()))
                .orElse("");
        return new Key(
                name,
                annotation(method.getAnnotationByName("WithDefault"), "value").orElse(""),
                range.replace("_", "").replace("L", ""),
                description);
    }

    /** A value of an annotation, which may be its only one. */
    private static Optional<String> annotation(Optional<? extends AnnotationExpr> annotation, String member) {
        return annotation.flatMap(a -> a.isSingleMemberAnnotationExpr()
                ? Optional.of(value(a.asSingleMemberAnnotationExpr().getMemberValue()))
                : a.toNormalAnnotationExpr()
                        .flatMap(n -> n.getPairs().stream()
                                .filter(pair -> pair.getNameAsString().equals(member))
                                .map(pair -> value(pair.getValue()))
                                .findFirst()));
    }

    private static String value(Expression expression) {
        return expression.isStringLiteralExpr()
                ? expression.asStringLiteralExpr().asString()
                : expression.toString();
    }

    private static String text(String javadoc) {
        return javadoc.replaceAll("\\{@(?:code|link) ([^}]*)}", "`$1`")
                .replaceAll("\\s+", " ")
                .replace("|", "\\|")
                .strip();
    }

    private static String kebab(String name) {
        return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }
}
