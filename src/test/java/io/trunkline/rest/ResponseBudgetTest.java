package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ResponseBudgetTest {
    private final ResponseBudget budget = new ResponseBudget(new SmallRyeConfigBuilder()
            .addDiscoveredConverters()
            .withMapping(HttpConfig.class)
            .withSources(new PropertiesConfigSource(
                    Map.of("trunkline.http.max-response-bytes-in-flight", "100"), "test", 500))
            .build()
            .getConfigMapping(HttpConfig.class));

    @Test
    void answersAreTakenUntilTheBudgetIsUsedUpAndAgainWhenOneHasEnded() {
        CompletableFuture<Void> first = new CompletableFuture<>();
        budget.take(60, first);
        budget.take(40, new CompletableFuture<>());

        assertThatThrownBy(() -> budget.take(1, new CompletableFuture<>()))
                .isInstanceOfSatisfying(
                        TrunklineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED));
        first.complete(null);

        assertThatCode(() -> budget.take(60, new CompletableFuture<>())).doesNotThrowAnyException();
    }

    @Test
    void oneLargeAnswerFitsAloneAndOneWhoseClientIsGoneDoesNotCount() {
        budget.take(1_000, CompletableFuture.completedFuture(null));

        assertThatCode(() -> budget.take(1_000, new CompletableFuture<>())).doesNotThrowAnyException();
    }
}
