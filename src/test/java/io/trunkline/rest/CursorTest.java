package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.topic.Topic;
import io.trunkline.topic.TopicConfig;
import io.trunkline.topic.TopicName;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.UUID;
import java.util.stream.LongStream;
import java.util.zip.CRC32C;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** The text that says where the reader of a stream stands, and who may not make one. */
class CursorTest {
    private static final OptionalInt ALL = OptionalInt.empty();

    private final Topic topic = topic("orders", 4);

    @Test
    void cursorSaysWhereEachPartitionGoesOn() {
        Cursor.Progress progress = new Cursor.Progress(topic, ALL);
        progress.set(0, 17);
        progress.set(3, Long.MAX_VALUE);

        Cursor cursor = Cursor.parse(text(progress));

        cursor.checkName(topic.name());
        cursor.checkScope(ALL);
        cursor.checkScope(OptionalInt.of(2));
        assertThat(cursor.isOf(topic)).isTrue();
        cursor.checkOrigin(topic);
        assertThat(List.of(cursor.offset(0), cursor.offset(1), cursor.offset(2), cursor.offset(3)))
                .containsExactly(17L, 0L, 0L, Long.MAX_VALUE);
        assertThat(cursor.partitionCount()).isEqualTo(4);
    }

    @Test
    void cursorOfFewPartitionsIsShort() {
        Cursor.Progress progress = new Cursor.Progress(topic, ALL);
        progress.set(1, 1_000_000);

        assertThat(text(progress)).hasSizeLessThan(40).matches("[A-Za-z0-9_-]+");
    }

    @Test
    void cursorOfTheMostPartitionsFitsIntoARequestHead() {
        Topic large = topic("large", Cursor.MOST_PARTITIONS);
        Cursor.Progress progress = new Cursor.Progress(large, ALL);
        for (int partition = 0; partition < Cursor.MOST_PARTITIONS; partition++) {
            progress.set(partition, 10_000_000_000L + partition);
        }

        String text = text(progress);

        assertThat(text).hasSizeLessThan(10_000);
        assertThat(Cursor.parse(text).offset(999)).isEqualTo(10_000_000_999L);
    }

    @Test
    void topicOfMorePartitionsHasNoStreamOfAll() {
        assertThatCode(() -> TopicSource.checkCount(topic("large", Cursor.MOST_PARTITIONS)))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> TopicSource.checkCount(topic("larger", Cursor.MOST_PARTITIONS + 1)))
                .isInstanceOfSatisfying(
                        TrunklineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_PARAMETER));
    }

    @Test
    void progressTakesPartitionsThatAreAdded() {
        Cursor.Progress progress = new Cursor.Progress(topic, ALL);

        progress.set(9, 5);

        assertThat(Cursor.parse(text(progress)).offset(9)).isEqualTo(5);
        assertInvalid(() -> Cursor.parse(text(progress)).checkOrigin(topic), "partitions that the topic does not have");
    }

    @Test
    void everyChangedBitIsFound() {
        byte[] bytes = bytes(text(progressAt(300)));

        for (int bit = 0; bit < bytes.length * 8; bit++) {
            byte[] changed = bytes.clone();
            changed[bit / 8] ^= (byte) (1 << (bit % 8));
            assertInvalid(() -> Cursor.parse(text(changed)), "");
        }
    }

    @Test
    void everyCutAndEveryNoiseIsFound() {
        String text = text(progressAt(300));
        Random random = new Random(7);

        for (int length = 0; length < text.length(); length++) {
            String cut = text.substring(0, length);
            assertInvalid(() -> Cursor.parse(cut), "");
        }
        for (int i = 0; i < 1_000; i++) {
            byte[] noise = new byte[random.nextInt(200)];
            random.nextBytes(noise);
            if (noise.length > 0) {
                noise[0] = 1;
            }
            assertInvalid(() -> Cursor.parse(text(noise)), "");
            // Noise may have the form of a cursor, but not of this topic.
            assertInvalid(() -> Cursor.parse(text(summed(noise))).checkName(topic.name()), "");
        }
        assertInvalid(() -> Cursor.parse("a".repeat(20_000)), "too long");
        assertInvalid(() -> Cursor.parse("not a cursor!"), "base64");
        assertInvalid(() -> Cursor.parse("2026-01-01"), "");
    }

    /** Who knows how a cursor is made, and changes an offset, still lacks the key. */
    @Test
    void forgedCursorIsFound() {
        byte[] bytes = bytes(text(progressAt(5)));
        byte[] body = ByteBuffer.allocate(bytes.length - 4)
                .put(bytes, 0, bytes.length - 4)
                .array();
        body[body.length - 9] = 6; // the offset, before the hash

        Cursor forged = Cursor.parse(text(summed(body)));

        assertThat(forged.offset(0)).isEqualTo(6);
        assertInvalid(() -> forged.checkOrigin(topic), "has not made it");
    }

    @Test
    void cursorOfAnotherTopicIsFound() {
        Cursor cursor = Cursor.parse(text(progressAt(5)));

        assertInvalid(() -> cursor.checkName(new TopicName("orders2")), "another topic");
    }

    @Test
    void cursorOfAnEarlierTopicOfTheNameIsToldApart() {
        Cursor cursor = Cursor.parse(text(progressAt(5)));

        cursor.checkName(topic.name());
        assertThat(cursor.isOf(topic("orders", 4))).isFalse();
    }

    @Test
    void cursorOfOnePartitionIsForThatOne() {
        Cursor.Progress progress = new Cursor.Progress(topic, OptionalInt.of(2));
        progress.set(2, 5);
        Cursor cursor = Cursor.parse(text(progress));

        cursor.checkScope(OptionalInt.of(2));
        assertInvalid(() -> cursor.checkScope(OptionalInt.of(1)), "partition 2 alone");
        assertInvalid(() -> cursor.checkScope(ALL), "partition 2 alone");
    }

    /** The test vectors of the paper: bytes 0, 1, 2, ... with the key 00 01 ... 0f. */
    @Test
    void hashIsSipHash() {
        byte[] bytes = new byte[15];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) i;
        }
        SipHash hash = new SipHash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);

        assertThat(hash.of(bytes, 15)).isEqualTo(0xa129ca6149be45e5L);
        assertThat(hash.of(bytes, 0)).isEqualTo(vector(0x31, 0x0e, 0x0e, 0xdd, 0x47, 0xdb, 0x6f, 0x72));
        assertThat(hash.of(bytes, 8)).isEqualTo(vector(0x62, 0x24, 0x93, 0x9a, 0x79, 0xf5, 0xf5, 0x93));
    }

    private static long vector(int... bytes) {
        ByteBuffer buffer = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        for (int b : bytes) {
            buffer.put((byte) b);
        }
        return buffer.getLong(0);
    }

    private Cursor.Progress progressAt(long offset) {
        Cursor.Progress progress = new Cursor.Progress(topic, ALL);
        progress.set(0, offset);
        return progress;
    }

    private static Topic topic(String name, int partitions) {
        return new Topic(
                UUID.randomUUID(),
                new TopicName(name),
                LongStream.range(0, partitions).boxed().toList(),
                TopicConfig.DEFAULT);
    }

    private static String text(Cursor.Progress progress) {
        return new String(progress.text(), StandardCharsets.US_ASCII);
    }

    private static String text(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static byte[] bytes(String text) {
        return Base64.getUrlDecoder().decode(text);
    }

    /** With a checksum that is right. */
    private static byte[] summed(byte[] body) {
        CRC32C sum = new CRC32C();
        sum.update(body);
        return ByteBuffer.allocate(body.length + 4)
                .put(body)
                .putInt((int) sum.getValue())
                .array();
    }

    private static void assertInvalid(ThrowingCallable call, String why) {
        assertThatThrownBy(call).isInstanceOfSatisfying(TrunklineException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CURSOR);
            assertThat(e.userMessage()).contains(why);
        });
    }
}
