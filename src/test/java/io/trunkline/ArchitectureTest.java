package io.trunkline;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.quarkus.runtime.annotations.RegisterForReflection;
import jakarta.inject.Inject;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

/** The arrows between the packages, and rules that hold for all of them. */
class ArchitectureTest {
    private static final String ROOT = "io.trunkline.";

    private static final Set<String> EDGE_USES = Set.of(
            "edge",
            "overview",
            "consumer",
            "group",
            "retention",
            "outbox",
            "log",
            "access",
            "topic",
            "schema",
            "jdbc",
            "async",
            "filter",
            "json",
            "record",
            "error");

    /** Who may use whom: edges see features, features see those below them, everybody sees the kit. */
    private static final Map<String, Set<String>> MAY_USE = Map.ofEntries(
            Map.entry("rest", EDGE_USES),
            Map.entry("kafka", EDGE_USES),
            Map.entry("ops", EDGE_USES),
            Map.entry("console", Set.of("edge", "error")),
            Map.entry("command", Set.of("embedded", "access", "jdbc", "error")),
            Map.entry("embedded", Set.of("jdbc")),
            Map.entry("edge", Set.of("access", "error")),
            Map.entry(
                    "overview",
                    Set.of("group", "retention", "log", "access", "topic", "schema", "jdbc", "async", "error")),
            Map.entry(
                    "consumer",
                    Set.of("group", "log", "access", "topic", "schema", "jdbc", "async", "filter", "record", "error")),
            Map.entry("group", Set.of("log", "access", "topic", "schema", "jdbc", "async", "record", "error")),
            Map.entry("retention", Set.of("log", "topic", "schema", "jdbc", "async", "record", "error")),
            Map.entry("outbox", Set.of("log", "topic", "schema", "jdbc", "async", "record", "error")),
            Map.entry("log", Set.of("topic", "schema", "jdbc", "async", "filter", "record", "error")),
            Map.entry("access", Set.of("topic", "schema", "jdbc", "async", "error")),
            Map.entry("topic", Set.of("schema", "jdbc", "async", "error")),
            Map.entry("schema", Set.of("jdbc", "async", "error")),
            Map.entry("jdbc", Set.of("async", "error")),
            Map.entry("async", Set.of("error")),
            Map.entry("filter", Set.of("json", "record", "error")),
            Map.entry("json", Set.of("error")),
            Map.entry("record", Set.of()),
            Map.entry("error", Set.of()));

    private static final List<String> FEATURES =
            List.of("topic", "access", "log", "group", "consumer", "retention", "outbox", "overview");
    private static final List<String> KIT = List.of("schema", "jdbc", "async", "filter", "json", "record", "error");

    private static final List<String> REFLECTIVE = List.of(
            "java.lang.Class.forName",
            "java.lang.Class.newInstance",
            "java.lang.Class.getMethod",
            "java.lang.Class.getField",
            "java.lang.Class.getConstructor",
            "java.lang.Class.getDeclared",
            "java.lang.Class.getResource",
            "java.lang.ClassLoader.",
            "java.lang.reflect.",
            "java.lang.invoke.MethodHandles$Lookup.find",
            "java.util.ServiceLoader.",
            "java.util.ResourceBundle.",
            "java.io.ObjectInputStream.");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.trunkline");

    @Test
    void everyPackageIsInTheTable() {
        Set<String> packages = new TreeSet<>();
        CLASSES.forEach(c -> Stream.of(c.getPackageName())
                .filter(p -> p.startsWith(ROOT))
                .map(p -> p.substring(ROOT.length()))
                .forEach(packages::add));

        Assertions.assertThat(packages)
                .allSatisfy(name -> Assertions.assertThat(MAY_USE.keySet())
                        .anyMatch(known -> name.equals(known) || name.startsWith(known + ".")));
    }

    @Test
    void nobodyUsesTheProgram() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + "*..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.trunkline")
                .check(CLASSES);
    }

    /** Whoever reads a file has not to read all others of its package first. */
    @Test
    void noFilesUseOneAnotherInACircle() {
        slices().assignedFrom(new SliceAssignment() {
                    @Override
                    public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
                        return SliceIdentifier.of(javaClass.getName().replaceFirst("\\$.*", ""));
                    }

                    @Override
                    public String getDescription() {
                        return "files";
                    }
                })
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }

    @Test
    void packagesUseOnlyWhatTheTableAllows() {
        MAY_USE.forEach((name, allowed) -> {
            String[] others = MAY_USE.keySet().stream()
                    .filter(other -> !other.equals(name) && !allowed.contains(other))
                    .map(other -> ROOT + other + "..")
                    .toArray(String[]::new);
            noClasses()
                    .that()
                    .resideInAPackage(ROOT + name + "..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(others)
                    .allowEmptyShould(true)
                    .check(CLASSES);
        });
    }

    @Test
    void storesRepositoriesEntitiesAndJobsAreTheirFeaturesOwn() {
        classes()
                .that()
                .haveNameMatching(".*(Store|Repository|Entity|Job)")
                .should()
                .notBePublic()
                .check(CLASSES);
    }

    @Test
    void onlyStoresAndTheKitUseJdbc() {
        noClasses()
                .that(not(resideInAnyPackage(ROOT + "jdbc", ROOT + "schema")))
                .and()
                .haveNameNotMatching(".*Store(\\$.*)?")
                .should()
                .dependOnClassesThat(resideInAnyPackage("java.sql..", "javax.sql..", "io.agroal..")
                        .and(not(JavaClass.Predicates.belongToAnyOf(java.sql.SQLException.class))))
                .check(CLASSES);
    }

    @Test
    void featuresAndTheKitKnowNothingOfTheWeb() {
        String[] belowTheEdges = Stream.concat(FEATURES.stream(), KIT.stream())
                .map(name -> ROOT + name + "..")
                .toArray(String[]::new);
        noClasses()
                .that()
                .resideInAnyPackage(belowTheEdges)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("jakarta.ws.rs..", "io.vertx..", "org.jboss.resteasy..", "io.quarkus.vertx..")
                .check(CLASSES);
    }

    @Test
    void nothingIsInjectedIntoFields() {
        noFields().should().beAnnotatedWith(Inject.class).check(CLASSES);
    }

    /** A native executable knows only what is registered, and what finds nothing by name needs no registration. */
    @Test
    void nothingIsFoundByReflectionOrByName() {
        DescribedPredicate<JavaMethodCall> looksUp = DescribedPredicate.describe(
                "look up classes, members, services or resources at run time",
                call -> REFLECTIVE.stream()
                        .anyMatch(name -> call.getTarget().getFullName().startsWith(name)));
        noClasses()
                .that(not(resideInAPackage(ROOT + "embedded")))
                .and()
                .doNotHaveSimpleName("ConsoleFiles") // whose files are registered
                .should()
                .callMethodWhere(looksUp)
                .check(CLASSES);
    }

    /** Jackson reads them by reflection. */
    @Test
    void viewsAreRegisteredForReflection() {
        classes()
                .that()
                .resideInAPackage(ROOT + "rest")
                .and()
                .areAssignableTo(Record.class)
                .and()
                .haveNameMatching(".*View(\\$.*)?")
                .should()
                .beAnnotatedWith(RegisterForReflection.class)
                .check(CLASSES);
    }

    @Test
    void reflectionWouldBeSeen() {
        JavaClasses reflective = new ClassFileImporter().importClasses(Reflective.class);

        Assertions.assertThat(reflective.get(Reflective.class).getMethodCallsFromSelf())
                .anySatisfy(call -> Assertions.assertThat(REFLECTIVE)
                        .anyMatch(name -> call.getTarget().getFullName().startsWith(name)));
    }

    private static final class Reflective {
        static Class<?> find(String name) throws ClassNotFoundException {
            return Class.forName(name);
        }
    }

    @Test
    void onlyTheClockProducerReadsTheClock() {
        noClasses()
                .that()
                .doNotHaveSimpleName("ClockProducer")
                .should()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(Clock.class, "systemUTC")
                .check(CLASSES);
    }
}
