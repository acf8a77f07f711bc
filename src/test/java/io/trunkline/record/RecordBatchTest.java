package io.trunkline.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RecordBatchTest {
    private record Header(String key, @Nullable String value) {}

    private record Sample(
            long timestamp, @Nullable String key, @Nullable String value, List<Header> headers) {}

    @Test
    void recordsComeOutAsTheyWentIn() {
        List<Sample> samples = samples(new Random(1), 500);

        assertThat(samplesOf(batch(samples))).isEqualTo(samples);
    }

    @Test
    void arraysOfTheDatabaseAreTheColumns() {
        RecordBatch batch = batch(samples(new Random(2), 100));
        ByteColumn keys = Objects.requireNonNull(batch.keys());

        assertThat(samplesOf(new RecordBatch(
                        Timestamps.ofArray(batch.timestamps().array()),
                        ByteColumn.ofArray(keys.array()),
                        ByteColumn.ofArray(batch.values().array()),
                        batch.headers())))
                .isEqualTo(samplesOf(batch));
    }

    @Test
    void concatenatedPartsAreTheWhole() {
        Random random = new Random(3);
        for (int turn = 0; turn < 50; turn++) {
            List<Sample> samples = samples(random, 60);
            RecordBatch whole = batch(samples);
            int first = random.nextInt(1, 30);
            int second = random.nextInt(first + 1, 60);

            RecordBatch again = RecordBatch.concat(
                    List.of(whole.part(0, first), whole.part(first, second), whole.part(second, 60)));

            assertThat(samplesOf(again)).isEqualTo(samples);
            assertThat(again.byteSize()).isEqualTo(whole.byteSize());
        }
    }

    @Test
    void batchesWithAndWithoutKeysAndHeadersGoTogether() {
        List<Sample> plain = List.of(new Sample(1, null, "a", List.of()), new Sample(2, null, null, List.of()));
        List<Sample> full = List.of(new Sample(3, "k", "", List.of(new Header("h", null), new Header("h", "é"))));

        List<Sample> both = new ArrayList<>(plain);
        both.addAll(full);

        assertThat(samplesOf(RecordBatch.concat(List.of(batch(plain), batch(full)))))
                .isEqualTo(both);
        assertThat(batch(plain).keys()).isNull();
    }

    @Test
    void pickTakesRecordsInTheOrderGiven() {
        List<Sample> samples = samples(new Random(4), 40);

        assertThat(samplesOf(batch(samples).pick(new int[] {39, 0, 7})))
                .containsExactly(samples.get(39), samples.get(0), samples.get(7));
    }

    @Test
    void sizeIsThatOfKeysValuesAndHeaders() {
        RecordBatch batch = batch(List.of(
                new Sample(0, "ab", "cdé", List.of(new Header("h€😀", "x"))), new Sample(0, null, null, List.of())));

        assertThat(batch.sizeOf(0)).isEqualTo(2 + 4 + (1 + 3 + 4 + 1));
        assertThat(batch.sizeOf(1)).isZero();
        assertThat(batch.byteSize()).isEqualTo(15);
        assertThat(batch.memorySize()).as("a header is not free").isEqualTo(15 + 3 * RecordBatch.OVERHEAD_BYTES);
        assertThat(batch.costOf(0) + batch.costOf(1)).isEqualTo(batch.memorySize());
    }

    @Test
    void columnsThatDoNotFitAreRefused() {
        RecordBatch one = batch(samples(new Random(5), 3));

        assertThatThrownBy(() -> new RecordBatch(one.timestamps().part(0, 2), one.keys(), one.values(), null))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ByteColumn.ofArray(new byte[20])).isInstanceOf(IllegalArgumentException.class);
    }

    private static List<Sample> samples(Random random, int count) {
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            List<Header> headers = new ArrayList<>();
            for (int h = random.nextInt(6) - 3; h > 0; h--) {
                headers.add(new Header("h" + random.nextInt(3), text(random)));
            }
            samples.add(new Sample(random.nextLong(1L << 40), text(random), text(random), headers));
        }
        return samples;
    }

    private static @Nullable String text(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> null;
            case 1 -> "";
            default -> "é😀x".repeat(random.nextInt(20));
        };
    }

    private static RecordBatch batch(List<Sample> samples) {
        RecordBatch.Builder builder = new RecordBatch.Builder(0, 0);
        for (Sample sample : samples) {
            sample.headers().forEach(h -> builder.header(h.key(), bytes(h.value())));
            byte[] key = bytes(sample.key());
            if (key != null) {
                builder.key(key, 0, key.length);
            }
            byte[] value = bytes(sample.value());
            if (value == null) {
                builder.addTombstone(sample.timestamp());
            } else {
                builder.add(sample.timestamp(), value, 0, value.length);
            }
        }
        return builder.build();
    }

    private static List<Sample> samplesOf(RecordBatch batch) {
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < batch.count(); i++) {
            List<Header> headers = new ArrayList<>();
            for (int h = batch.headerStart(i); h < batch.headerEnd(i); h++) {
                headers.add(new Header(batch.headerKey(h), string(batch.headerValue(h))));
            }
            samples.add(new Sample(batch.timestamp(i), string(batch.key(i)), string(batch.value(i)), headers));
        }
        return samples;
    }

    private static byte @Nullable [] bytes(@Nullable String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    private static @Nullable String string(byte @Nullable [] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }
}
