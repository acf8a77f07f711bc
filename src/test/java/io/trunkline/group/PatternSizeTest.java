package io.trunkline.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The estimate beside the programs that RE2/J really makes. */
class PatternSizeTest {
    /** Beyond it no program is made here: what is estimated to be larger is refused anyway. */
    private static final long LARGEST = 100_000;

    @Provide
    Arbitrary<String> expressions() {
        Arbitrary<String> atom = Arbitraries.of(
                "a",
                "é",
                "𝒜",
                ".",
                "\\d",
                "\\.",
                "\\pL",
                "\\p{Greek}",
                "\\PN",
                "\\x{41}",
                "\\x41",
                "\\07",
                "\\b",
                "^",
                "$",
                "[a-z]",
                "[^a]",
                "[]a]",
                "[^]a]",
                "[[:alpha:]-]",
                "[\\]a{9}]",
                "[a-]",
                "[\\d-z]",
                "[!-[:]",
                "[\\p{L}{9}]",
                "\\Qa{9}(\\E",
                "\\Q\\E",
                "()",
                "(?:)",
                "(a|)",
                "(|a||)",
                "(?i)",
                "(?i)k",
                "{",
                "{,9}",
                "{01}",
                "}");
        Arbitrary<String> quantifier = Arbitraries.of(
                "", "", "", "*", "+?", "?", "{0}", "{1}", "{7}", "{0,3}?", "{2,}", "{3,9}", "{0,}", "{1,}", "{02}",
                "{12}");
        Arbitrary<String> repeated = Combinators.combine(atom, quantifier).as(String::concat);
        Arbitrary<String> sequence = repeated.list().ofMaxSize(5).map(parts -> String.join("", parts));
        Arbitrary<String> alternatives =
                sequence.list().ofMinSize(1).ofMaxSize(3).map(parts -> String.join("|", parts));
        return nested(nested(nested(alternatives, quantifier), quantifier), quantifier);
    }

    private static Arbitrary<String> nested(Arbitrary<String> inner, Arbitrary<String> quantifier) {
        Arbitrary<String> group = Combinators.combine(
                        Arbitraries.of("(", "(?:", "(?P<n>", "(?i:", "(?<m>"), inner, quantifier)
                .as((open, text, times) -> open + text + ")" + times);
        return Arbitraries.oneOf(inner, group, Combinators.combine(inner, group).as(String::concat));
    }

    @Provide
    Arbitrary<String> soups() {
        return Arbitraries.strings()
                .withChars("()[]{}|*+?\\-^:,2333aQEpPLdxi<>P=")
                .ofMaxLength(30);
    }

    @Property(tries = 5_000)
    void programIsNeverLargerThanEstimated(@ForAll("expressions") String text) {
        assertEstimated(text);
    }

    @Property(tries = 10_000)
    void programOfAnyTextIsNeverLargerThanEstimated(@ForAll("soups") String text) {
        assertEstimated(text);
    }

    private static void assertEstimated(String text) {
        long estimate = PatternSize.of(text);
        if (estimate <= LARGEST) {
            Optional<Integer> size = programSize(text);
            size.ifPresent(real -> assertThat(estimate).as(text).isGreaterThanOrEqualTo(real));
        }
    }

    private static Optional<Integer> programSize(String text) {
        try {
            return Optional.of(Pattern.compile(text).programSize());
        } catch (PatternSyntaxException | IndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ".*",
                "orders",
                "orders-.*",
                "(?i)orders[-_.](eu|us|asia)[-_.][0-9]{4}-[0-9]{2}-[0-9]{2}",
                "^(?:[a-z0-9]+\\.){2,4}events$",
                "[a-z]{1,249}",
                "[a-zA-Z0-9._-]{1,249}",
                "([a-z0-9]{1,60}\\.){1,4}[a-z]{1,60}",
                "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                "\\p{L}+([-_]\\p{L}+)*",
                "(?P<env>dev|test|prod)\\.(?P<team>[^.]+)\\..*"
            })
    void honestPatternIsAllowedAndNotMuchOverestimated(String text) {
        Subscription.Matching.parse(text);

        int real = programSize(text).orElseThrow();

        assertThat(PatternSize.of(text)).isLessThanOrEqualTo(3L * real + 250);
    }

    @Test
    void fiftyLongNamesAreAllowed() {
        String names =
                IntStream.range(0, 45).mapToObj(i -> "topic-with-a-name-" + i).collect(Collectors.joining("|"));

        assertThat(Subscription.Matching.parse(names).pattern()).isEqualTo(names);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "((x{1000}){1000}){1000}",
                "((a{100}){100}){40}",
                "a{1000}(?i){1000}(?i){1000}",
                "(?:){1000}{1000}",
                "((((((((((x{9}){9}){9}){9}){9}){9}){9}){9}){9}){9}){9}",
                "(a?){500}(a?){500}(a?){500}(b{500}){2}",
                "[!-[:]{1000}[a:]{1000}x{1000}",
                "\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL\\pL",
                "x{99999999999999999999}"
            })
    void patternWhoseProgramWouldBeLargeIsRefused(String text) {
        long start = System.nanoTime();

        assertThatThrownBy(() -> Subscription.Matching.parse(text))
                .satisfies(e -> assertThat(Failures.code(e)).isEqualTo(ErrorCode.INVALID_SUBSCRIPTION))
                .hasMessageContaining("topic_pattern is too large");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\ud800", "a\udc00b", "a\0"})
    void textThatCannotBeStoredIsRefused(String text) {
        assertThatThrownBy(() -> Subscription.Matching.parse(text))
                .satisfies(e -> assertThat(Failures.code(e)).isEqualTo(ErrorCode.INVALID_SUBSCRIPTION));
    }
}
