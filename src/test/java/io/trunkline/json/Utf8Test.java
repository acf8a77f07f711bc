package io.trunkline.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Utf8Test {
    /** The JDK's decoder is the judge, over every sequence of two bytes and many longer ones. */
    @Test
    void validityIsTheDecodersVerdict() {
        for (int pair = 0; pair < 1 << 16; pair++) {
            assertVerdict(new byte[] {(byte) (pair >> 8), (byte) pair});
        }
        Random random = new Random(5);
        int[] leads = {0x7f, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff};
        int[] tails = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0};
        for (int i = 0; i < 200_000; i++) {
            byte[] bytes = new byte[1 + random.nextInt(5)];
            for (int b = 0; b < bytes.length; b++) {
                bytes[b] = (byte) (b == 0 ? leads[random.nextInt(leads.length)] : tails[random.nextInt(tails.length)]);
            }
            assertVerdict(bytes);
        }
    }

    @Test
    void halfASurrogatePairHasNoBytes() {
        assertThat(Utf8.encode("a\ud800")).isEmpty();
        assertThat(Utf8.encode("\ude00\ud83d")).isEmpty();
        assertThat(Utf8.encode("\ud83d\ude00"))
                .hasValueSatisfying(b -> assertThat(b).hasSize(4));
    }

    private static void assertVerdict(byte[] bytes) {
        boolean valid;
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            valid = true;
        } catch (CharacterCodingException e) {
            valid = false;
        }
        assertThat(Utf8.isValid(bytes, 0, bytes.length)).isEqualTo(valid);
    }
}
