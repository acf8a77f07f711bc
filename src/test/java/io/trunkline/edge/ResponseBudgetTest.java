package io.trunkline.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResponseBudgetTest {
    private static final int MOST = 1024 * 1024;
    private static final int LARGE = MOST * 3 / 4;

    private final HttpConfig config = new SmallRyeConfigBuilder()
            .addDiscoveredConverters()
            .withMapping(HttpConfig.class)
            .withSources(new PropertiesConfigSource(
                    Map.of(
                            "trunkline.http.max-response-bytes-in-flight", "1M",
                            "trunkline.http.max-body-bytes-in-flight", "1000"),
                    "test",
                    500))
            .build()
            .getConfigMapping(HttpConfig.class);
    private final ResponseBudget budget = new ResponseBudget(config);
    private final RequestBudget bodies = new RequestBudget(config);

    @Test
    void largeResponsesLeaveAQuarterForSmallOnes() {
        budget.take(LARGE);

        assertThatThrownBy(() -> budget.take(100_000)).satisfies(ResponseBudgetTest::isOverloaded);
        budget.take(50_000);
        budget.giveBack(LARGE);

        assertThatCode(() -> budget.take(100_000)).doesNotThrowAnyException();
    }

    @Test
    void smallResponsesAreRefusedToWhenAllIsUsed() {
        budget.take(LARGE);
        for (int i = 0; i < 4; i++) {
            budget.take(ResponseBudget.SMALL);
        }

        assertThatThrownBy(() -> budget.take(1)).satisfies(ResponseBudgetTest::isOverloaded);
        assertThat(budget.bytesInFlight()).isEqualTo(MOST);
    }

    @Test
    void oneResponseAloneAlwaysFits() {
        assertThatCode(() -> budget.take(10L * MOST)).doesNotThrowAnyException();
    }

    @Test
    void pagesGetSmallerAsTheRoomDoes() {
        assertThat(budget.share()).isEqualTo(LARGE / 4);

        budget.take(LARGE / 2);

        assertThat(budget.share()).isEqualTo(LARGE / 8);
        budget.take(LARGE / 2);
        assertThat(budget.share()).isEqualTo(ResponseBudget.SMALL);
    }

    @Test
    void whatIsThereAlreadyHasAReserveIfItIsSmall() {
        budget.take(LARGE);

        assertThat(budget.force(ResponseBudget.SMALL + 1)).isFalse();
        for (int i = 0; i < 8; i++) {
            assertThat(budget.force(ResponseBudget.SMALL)).isTrue();
        }
        assertThat(budget.force(1)).isFalse();
        assertThat(budget.bytesInFlight()).isEqualTo(MOST + MOST / 4);
    }

    @Test
    void bodyForWhichThereWillBeNoRoomIsRefusedWhenItIsAnnounced() {
        RequestBudget.Body first = bodies.body();
        first.announce(600);

        assertThatThrownBy(() -> bodies.body().announce(600)).satisfies(ResponseBudgetTest::isOverloaded);
        first.withdraw();

        assertThatCode(() -> bodies.body().announce(600)).doesNotThrowAnyException();
    }

    @Test
    void bodyIsCountedAsItArrivesAndOnce() {
        RequestBudget.Body first = bodies.body();
        first.announce(600);
        first.take(600);
        RequestBudget.Body second = bodies.body();
        second.announce(400);

        second.take(400);

        assertThat(bodies.bytesInFlight()).isEqualTo(1_000);
        assertThatThrownBy(() -> second.take(1)).satisfies(ResponseBudgetTest::isOverloaded);
        first.release();
        second.release();
        assertThat(bodies.bytesInFlight()).isZero();
    }

    private static void isOverloaded(Throwable failure) {
        assertThat(failure)
                .isInstanceOfSatisfying(
                        TrunklineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED));
    }
}
