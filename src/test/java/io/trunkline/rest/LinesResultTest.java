package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LinesResultTest {
    @Test
    void failureHasWhatIsWrittenBeforeAndBehindIt() {
        LinesResult result = new LinesResult(true, 3);
        result.add(1, 2, 7, false);
        result.add(2, 0, 0, false);
        result.add(4, 2, 9, true);

        assertThat(text(result.toJson(new TrunklineException(ErrorCode.OUTCOME_UNKNOWN, "Who \"knows\"?"), 3, 20)))
                .isEqualTo(
                        "{\"error_code\":503,\"message\":\"Who \\\"knows\\\"?\",\"code\":\"OUTCOME_UNKNOWN\",\"line\":3,"
                                + "\"byte\":20,\"records_behind\":1,\"records\":3,\"partitions\":["
                                + "{\"partition\":0,\"records\":1,\"first_offset\":0,\"last_offset\":0},"
                                + "{\"partition\":2,\"records\":2,\"first_offset\":7,\"last_offset\":9}],\"offsets\":["
                                + "{\"line\":1,\"partition\":2,\"offset\":7},{\"line\":2,\"partition\":0,\"offset\":0},"
                                + "{\"line\":4,\"partition\":2,\"offset\":9}]}");
    }

    @Test
    void memoryIsAskedForOncePerPartitionAndForEachOffset() {
        LinesResult totals = new LinesResult(false, 3);
        LinesResult each = new LinesResult(true, 3);

        assertThat(totals.cost(2)).isEqualTo(2 * 160);
        assertThat(totals.cost(1_000)).isEqualTo(3 * 160);
        assertThat(each.cost(1_000)).isEqualTo(3 * 160 + 1_000 * 96);
        totals.granted(1_000);
        each.granted(1_000);
        assertThat(totals.cost(1_000)).isZero();
        assertThat(each.cost(1_000)).isEqualTo(1_000 * 96);
    }

    @Test
    void offsetsAreBoundedAndTotalsAreNot() {
        LinesResult each = new LinesResult(true, 1);
        each.add(1, 0, 0, false);

        assertThat(each.room()).isEqualTo(LinesResult.MOST_OFFSETS - 1);
        assertThat(new LinesResult(false, 1).room()).isEqualTo(Integer.MAX_VALUE);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
