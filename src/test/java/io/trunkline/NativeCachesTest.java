package io.trunkline;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.quarkus.arc.Arc;
import io.quarkus.arc.ClientProxy;
import io.quarkus.arc.InjectableBean;
import io.quarkus.runtime.Startup;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.log.Logs;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.topic.Topics;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Any;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Caffeine generates a class for each kind of cache and finds it by its name, so that a native executable knows only those
 * that it was told: those that Quarkus registers, and those that Trunkline does.
 */
@QuarkusTest
class NativeCachesTest extends ServiceTestCase {
    private static final String OURS = "io.trunkline.";
    private static final String CAFFEINE = "com.github.benmanes.caffeine.cache.";
    private static final String OF_QUARKUS = "io/quarkus/caffeine/runtime/graal/CacheConstructorsFeature.class";
    private static final Pattern NAME = Pattern.compile(Pattern.quote(CAFFEINE) + "[A-Z]+");
    /** Caches that record statistics: Quarkus registers them only where it is asked to. */
    private static final Pattern WITH_STATISTICS = Pattern.compile(Pattern.quote(CAFFEINE) + "[SW][SI]L?S.*");

    private static final JavaClasses CLASSES = new ClassFileImporter().importPath(Path.of("target/classes"));

    private final Map<String, Set<String>> found = new TreeMap<>();

    @Test
    void everyCacheHasItsClassesInANativeExecutable() throws Exception {
        findCaches();

        assertThat(found.keySet())
                .as("the classes that create a cache, and those that the test has found one in")
                .isEqualTo(creators());
        Set<String> registered = registered();
        assertThat(found)
                .allSatisfy((owner, classes) -> assertThat(classes)
                        .as("generated classes of the caches of " + owner + ", to be named by @RegisterForReflection")
                        .isNotEmpty()
                        .isSubsetOf(registered));
    }

    @Test
    void whatIsMissingStopsTheStart() {
        assertThat(Topics.class).hasAnnotation(Startup.class);
        assertThat(Logs.class).hasAnnotation(Startup.class);
    }

    /** The classes that create caches. */
    private static Set<String> creators() {
        return CLASSES.stream()
                .filter(type -> type.getMethodCallsFromSelf().stream()
                        .anyMatch(call -> call.getTargetOwner().isEquivalentTo(Caffeine.class)
                                && call.getName().equals("newBuilder")))
                .map(JavaClass::getName)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private Set<String> registered() throws IOException {
        Stream<String> ours = CLASSES.stream()
                .flatMap(type -> type.tryGetAnnotationOfType(RegisterForReflection.class).stream())
                .flatMap(annotation -> Stream.of(annotation.classNames()));
        try (InputStream feature =
                Objects.requireNonNull(getClass().getClassLoader().getResourceAsStream(OF_QUARKUS))) {
            Stream<String> quarkus = NAME.matcher(new String(feature.readAllBytes(), StandardCharsets.ISO_8859_1))
                    .results()
                    .map(name -> name.group())
                    .filter(name -> !WITH_STATISTICS.matcher(name).matches());
            return Stream.concat(ours, quarkus).collect(Collectors.toSet());
        }
    }

    /** Goes through the fields of the beans, of what they are made of, and of the classes that create caches. */
    private void findCaches() throws ReflectiveOperationException {
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Object> ahead = new ArrayDeque<>();
        for (var bean : Arc.container().beanManager().getBeans(Object.class, Any.Literal.INSTANCE)) {
            boolean isOurs = bean.getBeanClass().getName().startsWith(OURS)
                    && Set.of(ApplicationScoped.class, Singleton.class).contains(bean.getScope());
            if (isOurs) {
                Object instance =
                        Arc.container().instance((InjectableBean<?>) bean).get();
                ahead.add(ClientProxy.unwrap(instance));
            }
        }
        for (String creator : creators()) {
            Class<?> type = Class.forName(creator, true, getClass().getClassLoader());
            for (Field field : type.getDeclaredFields()) {
                if (Modifier.isStatic(field.getModifiers())) {
                    visit(field, null, ahead);
                }
            }
        }
        while (!ahead.isEmpty()) {
            Object object = ahead.remove();
            if (seen.add(object)) {
                for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
                    for (Field field : type.getDeclaredFields()) {
                        if (!Modifier.isStatic(field.getModifiers())
                                && type.getName().startsWith(OURS)) {
                            visit(field, object, ahead);
                        }
                    }
                }
            }
        }
    }

    private void visit(Field field, @Nullable Object object, Deque<Object> ahead) throws ReflectiveOperationException {
        if (field.getType().isPrimitive()) {
            return;
        }
        field.setAccessible(true);
        Object value = field.get(object);
        if (value instanceof Cache<?, ?> || value instanceof AsyncCache<?, ?>) {
            found.computeIfAbsent(field.getDeclaringClass().getName(), owner -> new TreeSet<>())
                    .addAll(generated(value));
        } else if (value != null && value.getClass().getName().startsWith(OURS)) {
            ahead.add(ClientProxy.unwrap(value));
        }
    }

    /** The classes that were generated for a cache and for its entries. */
    private static Set<String> generated(Object cache) throws ReflectiveOperationException {
        Object bounded = read(cache, "cache");
        return Set.of(
                bounded.getClass().getName(),
                read(bounded, "nodeFactory").getClass().getName());
    }

    private static Object read(Object object, String name) throws ReflectiveOperationException {
        for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (field.getName().equals(name)) {
                    field.setAccessible(true);
                    return Objects.requireNonNull(field.get(object));
                }
            }
        }
        throw new NoSuchFieldException(name + " of " + object.getClass());
    }
}
