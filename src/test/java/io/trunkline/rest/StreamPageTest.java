package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.json.JsonBuffer;
import io.trunkline.log.FetchedBatch;
import io.trunkline.record.RecordBatch;
import io.trunkline.topic.Topic;
import io.trunkline.topic.TopicConfig;
import io.trunkline.topic.TopicName;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a page of a stream counts before any of it is written. */
class StreamPageTest {
    private static final TopicName LONGEST_NAME = new TopicName("t".repeat(249));

    private final Random random = new Random(5);

    /** Where a record is nothing but its names and numbers, and where it is large. */
    @ParameterizedTest
    @ValueSource(ints = {0, 10, 1_000, 100_000})
    void noPieceIsLargerThanWhatWasCountedForIt(int size) {
        for (RecordFormat records : RecordFormat.values()) {
            for (StreamFormat format : StreamFormat.values()) {
                for (int partitions : List.of(1, Cursor.MOST_PARTITIONS)) {
                    StreamPage page = page(records, partitions, 200_000 / (size + 500) + 1, size);
                    assertThat(page.memory()).isGreaterThan(page.nextSize());

                    JsonBuffer out = new JsonBuffer(64);
                    while (page.hasNext()) {
                        out.clear();
                        page.next(format, out);
                        assertThat((long) out.length())
                                .as("%s %s %d", records, format, partitions)
                                .isPositive()
                                .isLessThanOrEqualTo(page.nextSize());
                    }
                }
            }
        }
    }

    @Test
    void pageOfNothingTakesNothing() {
        assertThat(new StreamPage(List.of(), null, taken -> {}).memory()).isZero();
    }

    @Test
    void pageThatWasRefusedIsCountedByItsLimitOrItsFirstRecord() {
        StreamPage.Refused small = page(RecordFormat.JSON, 1, 1, 10).refused();
        StreamPage.Refused many = page(RecordFormat.JSON, 1, 300, 1_000).refused();
        StreamPage.Refused large = page(RecordFormat.JSON, 1, 1, 1_000_000).refused();

        assertThat(small.within(100_000)).isEqualTo(small.memory());
        assertThat(many.within(100_000)).isBetween(100_000L, 150_000L).isLessThan(many.memory());
        assertThat(large.within(100_000)).isEqualTo(large.memory()).isGreaterThan(3_000_000);
        assertThat(StreamPage.Refused.NONE.within(100_000)).isZero();
    }

    private StreamPage page(RecordFormat format, int partitions, int count, int size) {
        Topic topic = new Topic(
                UUID.randomUUID(),
                LONGEST_NAME,
                LongStream.range(0, partitions).boxed().toList(),
                TopicConfig.DEFAULT);
        Cursor.Progress progress = new Cursor.Progress(topic, OptionalInt.empty());
        for (int partition = 0; partition < partitions; partition++) {
            progress.set(partition, Long.MAX_VALUE);
        }
        byte[] key = text(size / 2);
        RecordBatch.Builder builder = new RecordBatch.Builder(count, count * size);
        for (int i = 0; i < count; i++) {
            builder.header("header", new byte[] {1, 2});
            builder.header("other", null);
            builder.key(key, 0, key.length);
            byte[] value = text(size - size / 2);
            builder.add(Long.MAX_VALUE, value, 0, value.length);
        }
        FetchedBatch batch = new FetchedBatch(Long.MAX_VALUE - 1_000_000, builder.build());
        RecordJson json = new RecordJson(LONGEST_NAME, partitions - 1, format, true);
        return new StreamPage(
                List.of(new StreamPage.Part.Records(partitions - 1, json, List.of(batch), batch.nextOffset())),
                progress,
                taken -> {});
    }

    /** Text of which half has to be escaped, and which is no JSON. */
    private byte[] text(int size) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < size; i++) {
            text.append(random.nextBoolean() ? 'x' : random.nextBoolean() ? '"' : '\\');
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }
}
