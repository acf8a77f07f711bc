package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.vertx.http.runtime.security.SecurityHandlerPriorities;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class FilterOrderTest {
    private static final Pattern REGISTRATION = Pattern.compile("filters\\.register\\(([^;]*)\\);");

    @Test
    void bodiesAreReadForClientsThatMaySendThemOnly() {
        List<Integer> order = List.of(
                FilterOrder.HTTP_2,
                FilterOrder.HEADERS,
                FilterOrder.REQUEST_ID,
                FilterOrder.ADMISSION,
                FilterOrder.AUDIT,
                FilterOrder.CORS,
                SecurityHandlerPriorities.CORS,
                FilterOrder.ORIGIN,
                FilterOrder.DOCUMENTATION,
                FilterOrder.AUTHENTICATION,
                FilterOrder.QUOTA,
                FilterOrder.CONSOLE,
                FilterOrder.AUTHORIZATION,
                FilterOrder.LINES,
                FilterOrder.BODY,
                FilterOrder.PRODUCE);

        assertThat(order).isSortedAccordingTo(Comparator.reverseOrder()).doesNotHaveDuplicates();
        assertThat(FilterOrder.PRODUCE).isPositive();
    }

    @Test
    void everyFilterHasItsPlaceInTheOrder() throws IOException {
        List<String> registrations;
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            registrations = files.filter(file -> file.toString().endsWith(".java"))
                    .flatMap(file -> REGISTRATION.matcher(read(file)).results())
                    .map(call -> call.group(1))
                    .toList();
        }

        assertThat(registrations)
                .hasSizeGreaterThan(5)
                .allSatisfy(call -> assertThat(call).contains(", FilterOrder."))
                .contains("this::read, FilterOrder.BODY");
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
