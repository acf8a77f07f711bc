package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.trunkline.edge.HttpConfig;
import io.trunkline.edge.RequestBudget;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What a streamed body holds, and what of it is counted. */
class LinesBufferTest {
    private static final int LEAST = LinesBuffer.LEAST;
    private static final int SHARE = LinesBuffer.SHARE;

    @Test
    void bodyOfWhichNothingHasComeHoldsLittle() {
        RequestBudget budget = budget("100M");
        LinesBuffer buffer = open(budget);

        assertThat(budget.bytesInFlight()).isEqualTo(LEAST);
        buffer.close();
        assertThat(budget.bytesInFlight()).isZero();
    }

    @Test
    void streamedBodiesHaveHalfOfTheMemory() {
        RequestBudget budget = budget(Integer.toString(4 * LEAST));
        open(budget);
        LinesBuffer second = open(budget);

        assertThatThrownBy(() -> open(budget))
                .isInstanceOfSatisfying(
                        TrunklineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED));
        RequestBudget.Body other = budget.body();
        other.take(2L * LEAST);
        other.release();
        second.close();
        open(budget);
        assertThat(budget.bytesInFlight()).isEqualTo(2L * LEAST);
    }

    @Test
    void linesAreLentWhileOthersCome() {
        RequestBudget budget = budget("100M");
        LinesBuffer buffer = open(budget);
        buffer.put(bytes("1\n2\n3"));
        assertThat(buffer.whole()).isEqualTo(4);
        assertThat(buffer.begun()).isEqualTo(1);

        byte[] lines = buffer.lend(4);
        buffer.put(bytes("4\n5"));

        assertThat(text(lines, 4)).isEqualTo("1\n2\n");
        assertThat(budget.bytesInFlight()).isEqualTo(2L * LEAST);
        buffer.written();
        assertThat(text(buffer.lend(3), 3)).isEqualTo("34\n");
        buffer.written();
        assertThat(text(buffer.lend(1), 1)).isEqualTo("5");
        buffer.close();
        assertThat(budget.bytesInFlight()).isZero();
    }

    @Test
    void bodyGoesOnWithTheLeastMemory() {
        RequestBudget budget = budget(Integer.toString(2 * LEAST));
        LinesBuffer buffer = open(budget);
        StringBuilder sent = new StringBuilder();
        StringBuilder written = new StringBuilder();
        for (int i = 0; i < 50; i++) {
            String chunk = (i + "x".repeat(300) + "\n").repeat(40) + i;
            sent.append(chunk);
            buffer.put(bytes(chunk));
            while (buffer.whole() > 0) {
                int end = buffer.whole();
                byte[] lines = buffer.lend(end);
                buffer.put(bytes("y"));
                sent.append('y');
                written.append(text(lines, end));
                buffer.written();
            }
            assertThat(budget.bytesInFlight()).isEqualTo(LEAST);
        }
        int rest = buffer.length();
        written.append(text(buffer.lend(rest), rest));

        assertThat(written.toString()).isEqualTo(sent.toString());
        assertThat(buffer.refusal()).isNull();
    }

    @Test
    void lineForWhichThereIsNoRoomWaits() {
        RequestBudget budget = budget(Integer.toString(2 * LEAST));
        LinesBuffer buffer = open(budget);

        buffer.put(bytes("1\n" + "x".repeat(LEAST)));

        assertThat(Objects.requireNonNull(buffer.refusal()).code()).isEqualTo(ErrorCode.OVERLOADED);
        buffer.lend(2);
        buffer.written();
        assertThat(buffer.refusal()).isNull();
        assertThat(buffer.begun()).isEqualTo(LEAST);
        buffer.put(bytes("x"));
        assertThat(buffer.whole()).isZero();
        assertThat(buffer.refusal()).isNotNull();
    }

    @Test
    void longLinesTakeMoreThanAShareAndGiveItBack() {
        RequestBudget budget = budget("100M");
        LinesBuffer buffer = open(budget);
        String line = "x".repeat(3 * SHARE) + "\n";

        buffer.put(bytes(line));

        assertThat(budget.bytesInFlight()).isGreaterThan(3L * SHARE);
        assertThat(text(buffer.lend(line.length()), line.length())).isEqualTo(line);
        buffer.written();
        assertThat(budget.bytesInFlight()).isEqualTo(LEAST);
    }

    @Test
    void memoryThatIsNotNeededAnyMoreIsGivenBack() {
        RequestBudget budget = budget("100M");
        LinesBuffer buffer = open(budget);
        String lines = "x".repeat(99).concat("\n").repeat(2_000);
        buffer.put(bytes(lines));
        buffer.lend(lines.length());
        buffer.put(bytes(lines));
        buffer.written();
        buffer.lend(lines.length());
        buffer.written();
        assertThat(budget.bytesInFlight()).isGreaterThan(SHARE);

        buffer.shrink();

        assertThat(budget.bytesInFlight()).isEqualTo(LEAST);
        buffer.put(bytes("1\n"));
        assertThat(text(buffer.lend(2), 2)).isEqualTo("1\n");
    }

    private static LinesBuffer open(RequestBudget budget) {
        LinesBuffer buffer = new LinesBuffer(budget.body(), 0);
        buffer.open(0);
        return buffer;
    }

    /** A budget of so many bytes for bodies. */
    static RequestBudget budget(String most) {
        return new RequestBudget(new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(HttpConfig.class)
                .withSources(new PropertiesConfigSource(
                        Map.of("trunkline.http.max-body-bytes-in-flight", most), "test", 500))
                .build()
                .getConfigMapping(HttpConfig.class));
    }

    private static Buffer bytes(String text) {
        return Buffer.buffer(text);
    }

    private static String text(byte[] bytes, int length) {
        return new String(bytes, 0, length, StandardCharsets.US_ASCII);
    }
}
