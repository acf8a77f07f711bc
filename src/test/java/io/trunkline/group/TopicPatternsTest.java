package io.trunkline.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopicPatternsTest {
    private final TopicPatterns patterns = new TopicPatterns();

    @Test
    void wholeNamesMatch() {
        List<String> names = List.of("orders", "orders-eu", "my-orders", "payments");

        assertThat(patterns.matches(names).of("orders.*")).containsExactlyInAnyOrder("orders", "orders-eu");
        assertThat(patterns.matches(names).of("orders")).containsExactly("orders");
    }

    @Test
    void namesThatComeAndGoAreSeen() {
        patterns.matches(List.of("a1", "b1")).of("a.");

        assertThat(patterns.matches(List.of("b1", "a2", "b2")).of("a.")).containsExactly("a2");
        assertThat(patterns.matches(List.of("a1", "a2")).of("a.")).containsExactlyInAnyOrder("a1", "a2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "(", "?", "((x{1000}){1000}){1000}", "a\\8"})
    void storedPatternThatIsNoneMatchesNothing(String text) {
        assertThat(patterns.matches(List.of("a", "?", "x")).of(text)).isEmpty();
    }

    @Test
    void patternThatIsNoneIsRefusedWithTheReason() {
        assertThatThrownBy(() -> patterns.check(new Subscription.Matching("[z-a]")))
                .satisfies(e -> assertThat(Failures.code(e)).isEqualTo(ErrorCode.INVALID_SUBSCRIPTION))
                .hasMessageContaining("invalid character class range");
    }

    /** The worst there is: every instruction is active at every character of every name. */
    @Test
    void slowestPatternIsMatchedInTurnsThatGetOnAndAreNotRepeated() {
        List<String> names =
                IntStream.range(100, 300).mapToObj(i -> "a".repeat(246) + i).toList();
        String slow = "(?:(?:a?){20}){45}[0-9]*(?:a|[0-9])*";
        patterns.check(Subscription.Matching.parse(slow));

        int turns = 0;
        boolean done = false;
        while (!done) {
            long start = System.nanoTime();
            try {
                assertThat(patterns.matches(names).of(slow)).hasSize(names.size());
                done = true;
            } catch (TrunklineException e) {
                assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
            assertThat(++turns).isLessThanOrEqualTo(names.size());
        }

        long start = System.nanoTime();
        IntStream.range(0, 100)
                .forEach(i -> assertThat(patterns.matches(names).of(slow)).hasSize(names.size()));
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
    }

    @Test
    void deepestAndWidestPatternsThatAreAllowedNeedNoDeepStack() {
        List<String> names = List.of("a".repeat(249), "x");
        List<String> texts = List.of(
                "(".repeat(499) + "a" + ")".repeat(499),
                "(?:".repeat(199) + "a" + "?)".repeat(199),
                "(?:a?){600}",
                "(a|bc)?".repeat(140),
                "(?:a{0,249}|b){0,3}",
                "(?i)[" + "!-\\x{1E942}".repeat(18) + "]+",
                "\\p{L}".repeat(20) + ".*");

        for (String text : texts) {
            Subscription.Matching pattern = Subscription.Matching.parse(text);
            patterns.check(pattern);
            patterns.matches(names).of(text);
        }
        assertThat(patterns.matches(names).of("(?:a?){600}")).containsExactly("a".repeat(249));
    }
}
