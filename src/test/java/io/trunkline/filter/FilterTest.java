package io.trunkline.filter;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.trunkline.record.RecordBatch;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FilterTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "key = 'a'      | a        | true",
                "key = 'a'      | A        | false",
                "key = 'a'      | ab       | false",
                "key = ''       | ``       | true",
                "key ^= 'ab'    | abc      | true",
                "key ^= 'ab'    | a        | false",
                "key ^= ''      | abc      | true",
                "key = 'a'      | \"a\"    | true",
                "key = '\"a\"'  | \"a\"    | true",
                "key ^= 'ab'    | \"abc\"  | true",
                "key ^= '\"a'   | \"abc\"  | true",
                "key = 'é'      | \"\\u00e9\" | true",
                "key = 'a\"b'   | \"a\\\"b\" | true",
                "key = 'a'      | \"a      | false",
                "key = 'a'      | a\"      | false",
                "key = 'a'      | \"a\"\"  | false",
                "key = '\"'     | \"       | true",
                "key = '42'     | 42       | true",
                "key = 'null'   | null     | true",
                "exists(key)    | ``       | true"
            })
    void keysAreComparedAsTheyAreAndAsJsonStrings(String filter, String key, boolean matches) {
        assertThat(matches(filter, key.getBytes(UTF_8), new byte[0])).isEqualTo(matches);
    }

    @Test
    void aRecordWithoutKeyMeetsNoTermOnKeys() {
        for (String filter : new String[] {"exists(key)", "key = ''", "key ^= ''", "key = 'null'"}) {
            assertThat(matches(filter, null, new byte[0])).as(filter).isFalse();
        }
        RecordBatch.Builder builder = new RecordBatch.Builder(2, 16);
        builder.add(0, new byte[0], 0, 0);
        builder.key("a".getBytes(UTF_8), 0, 1);
        builder.add(0, new byte[0], 0, 0);

        Filter.Matcher matcher = Filter.parse("filter", "exists(key)").on(builder.build());

        assertThat(matcher.matches(0)).isFalse();
        assertThat(matcher.matches(1)).isTrue();
    }

    @Test
    void bytesThatAreNoTextAreComparedAsBytes() {
        byte[] key = {(byte) 0xff, 'a'};

        assertThat(matches("exists(key)", key, key)).isTrue();
        assertThat(matches("key ^= 'a'", key, key)).isFalse();
        assertThat(matches("key = '\ufffda'", key, key)).isFalse();
        assertThat(matches("key ^= 'é'", new byte[] {(byte) 0xc3, (byte) 0xa9, (byte) 0xff}, key))
                .isTrue();
        assertThat(matches("exists(value)", null, key)).isFalse();
    }

    @Test
    void aHeaderThatIsRepeatedMatchesByAnyOfItsValues() {
        RecordBatch.Builder builder = new RecordBatch.Builder(2, 16);
        builder.header("type", "created".getBytes(UTF_8));
        builder.header("type", null);
        builder.header("Type", "deleted".getBytes(UTF_8));
        builder.header("a b", "\"x\"".getBytes(UTF_8));
        builder.header("none", null);
        builder.addTombstone(0);
        builder.header("type", "deleted".getBytes(UTF_8));
        builder.addTombstone(0);
        RecordBatch records = builder.build();

        assertThat(matching("header.type = 'created'", records)).containsExactly(0);
        assertThat(matching("header.type = 'deleted'", records)).containsExactly(1);
        assertThat(matching("header.Type = 'deleted'", records)).containsExactly(0);
        assertThat(matching("header.type ^= 'c'", records)).containsExactly(0);
        assertThat(matching("header['a b'] = '\"x\"'", records)).containsExactly(0);
        assertThat(matching("header['a b'] = 'x'", records)).isEmpty();
        assertThat(matching("exists(header.none)", records)).containsExactly(0);
        assertThat(matching("header.none = ''", records)).isEmpty();
        assertThat(matching("header.none ^= ''", records)).isEmpty();
        assertThat(matching("exists(header.other)", records)).isEmpty();
        assertThat(matching("header.type = 'created' and header.Type = 'deleted'", records))
                .containsExactly(0);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "exists(value)             | {}                              | true",
                "exists(value)             | null                            | true",
                "exists(value)             | {                               | false",
                "exists(value)             | ``                              | false",
                "exists(value.a)           | {\"a\":null}                    | true",
                "exists(value.a)           | {\"b\":1}                       | false",
                "exists(value.a)           | [\"a\"]                         | false",
                "exists(value.a)           | \"a\"                           | false",
                "exists(value.a)           | {\"a\":1} x                     | false",
                "value = 'x'               | \" x\"                          | false",
                "value = 'x'               | `  \"x\" `                      | true",
                "value = null              | null                            | true",
                "value.a = null            | {}                              | false",
                "value.a = null            | {\"a\" : null }                 | true",
                "value.a = 'null'          | {\"a\":null}                    | false",
                "value.a = true            | {\"a\":true}                    | true",
                "value.a = true            | {\"a\":\"true\"}                | false",
                "value.a = 'x'             | {\"a\":\"x\"}                   | true",
                "value.a = 'x'             | {\"a\":\"\\u0078\"}             | true",
                "value.a = 'x'             | {\"\\u0061\":\"x\"}             | true",
                "value.a = 'x'             | {\"a\":\"xy\"}                  | false",
                "value.a ^= 'x'            | {\"a\":\"xy\"}                  | true",
                "value.a ^= '1'            | {\"a\":12}                      | false",
                "value.a = '\uD83D\uDE00'  | {\"a\":\"\\ud83d\\ude00\"}      | true",
                "value.a = '\uD83D\uDE00'  | {\"a\":\"\\ud83d\"}             | false",
                "value.a ^= 'x'            | {\"a\":\"x\\ud83d\"}            | true",
                "value.a = '/\"\\\\\\n'    | {\"a\":\"\\/\\\"\\\\\\n\"}      | true",
                "value.a = 1               | {\"a\":1.0}                     | true",
                "value.a = 1               | {\"a\":10e-1}                   | true",
                "value.a = 1               | {\"a\":0.001E3}                 | true",
                "value.a = 1               | {\"a\":-1}                      | false",
                "value.a = 1               | {\"a\":\"1\"}                   | false",
                "value.a = 1               | {\"a\":1.0000000000000000000001}| false",
                "value.a = 1               | {\"a\":10}                      | false",
                "value.a = -0              | {\"a\":0.0e7}                   | true",
                "value.a = 0.1             | {\"a\":1e-1}                    | true",
                "value.a = 9007199254740993| {\"a\":9007199254740992}        | false",
                "value.a = 1e999999999     | {\"a\":10e999999998}            | true",
                "value.a = 1e999999999     | {\"a\":1e99999999999999999999999999} | false",
                "value.a.b = 1             | {\"a\":{\"b\":1}}               | true",
                "value.a.b = 1             | {\"a\":{\"b\":2},\"b\":1}       | false",
                "value.a.b = 1             | {\"a\":{\"b\":1},\"a\":{}}      | false",
                "value.a.b = 1             | {\"a\":{\"b\":2},\"a\":{\"b\":3,\"b\":1}} | true",
                "value[1] = 2              | [1,2,3]                         | true",
                "value[3] = 2              | [1,2,3]                         | false",
                "value[0] = 2              | {\"0\":2}                       | false",
                "value['0'] = 2            | {\"0\":2}                       | true",
                "value.a[1].b = 2          | {\"a\":[[],{\"b\":2}]}          | true",
                "value[''] = 2             | {\"\":2}                        | true",
                "value.a = 1 and value.b = 2 and exists(value.a) | {\"b\":2,\"a\":1} | true",
                "value.a = 1 and value.a.b = 2 | {\"a\":{\"b\":2}}           | false",
                "exists(value.a) and value.a.b = 2 | {\"a\":{\"b\":2}}       | true"
            })
    void placesOfJsonValuesAreCompared(String filter, String value, boolean matches) {
        assertThat(matches(filter, null, value.getBytes(UTF_8))).isEqualTo(matches);
    }

    @Test
    void aTombstoneMeetsNoTermOnValues() {
        RecordBatch.Builder builder = new RecordBatch.Builder(1, 16);
        builder.key("a".getBytes(UTF_8), 0, 1);
        builder.addTombstone(0);
        RecordBatch records = builder.build();

        assertThat(matching("key = 'a'", records)).containsExactly(0);
        assertThat(matching("exists(value)", records)).isEmpty();
        assertThat(matching("value = null", records)).isEmpty();
        assertThat(matching("key = 'a' and value = null", records)).isEmpty();
    }

    /** As deep as JSON may be: the walk goes no deeper than the paths. */
    @Test
    void deepValuesAreLookedAt() {
        String deep = "[".repeat(900) + "]".repeat(900);

        assertThat(matches("value[0][0].a = 1", null, deep.getBytes(UTF_8))).isFalse();
        assertThat(matches("exists(value[0][0])", null, deep.getBytes(UTF_8))).isTrue();
        assertThat(matches("value.b = 2", null, ("{\"a\":" + deep + ",\"b\":2}").getBytes(UTF_8)))
                .isTrue();
        assertThat(matches("exists(value)", null, "[".repeat(1_000_000).getBytes(UTF_8)))
                .isFalse();
    }

    /** Work goes with the bytes, not with their product with terms, steps or names: each of these would take minutes otherwise. */
    @Test
    void hugeValuesCostTimeInProportion() {
        int size = 8 << 20;
        String same = "a".repeat(100);
        byte[] members = ("{" + ("\"" + same + "\":{},").repeat(size / 106) + "\"z\":1}").getBytes(UTF_8);
        byte[] nested = ("{\"a\":".repeat(900) + "[" + "0,".repeat(size / 2) + "1]" + "}".repeat(900)).getBytes(UTF_8);
        byte[] digits = ("{\"a\":1" + "0".repeat(size) + ".5e1}").getBytes(UTF_8);
        byte[] exponent = ("{\"a\":1e" + "9".repeat(size) + "}").getBytes(UTF_8);
        byte[] escapes = ("{\"a\":\"" + "\\u0061".repeat(size / 6) + "\"}").getBytes(UTF_8);
        String long16 = "value" + ".a".repeat(16);
        String eight = String.join(" and ", Collections.nCopies(8, "value." + same + "b = 1"));

        assertTimeoutPreemptively(SOON, () -> {
            assertThat(matches(eight, null, members)).isFalse();
            assertThat(matches("exists(value." + same + ") and value.z = 1", null, members))
                    .isTrue();
            assertThat(matches(long16 + " = 1 and " + long16 + " = 2", null, nested))
                    .isFalse();
            assertThat(matches("exists(value.a)", null, nested)).isTrue();
            assertThat(matches("value.a = 1", null, digits)).isFalse();
            assertThat(matches("value.a = 1e" + (size + 1), null, digits)).isFalse();
            assertThat(matches("value.a = 1e9", null, exponent)).isFalse();
            assertThat(matches("value.a ^= 'aaaa'", null, escapes)).isTrue();
            assertThat(matches("value[8000000] = 1", null, ("[" + "0,".repeat(size / 2) + "1]").getBytes(UTF_8)))
                    .isFalse();
        });
    }

    @Test
    void manyHeadersCostTimeInProportion() {
        RecordBatch.Builder builder = new RecordBatch.Builder(1, 16);
        for (int i = 0; i < 200_000; i++) {
            builder.header("h", ("v" + i).getBytes(UTF_8));
        }
        builder.addTombstone(0);
        RecordBatch records = builder.build();

        assertTimeoutPreemptively(SOON, () -> {
            assertThat(matching("header.h = 'v199999'", records)).containsExactly(0);
            assertThat(matching("header.h = 'v200000'", records)).isEmpty();
        });
    }

    private static boolean matches(String filter, byte @Nullable [] key, byte[] value) {
        RecordBatch.Builder builder = new RecordBatch.Builder(1, 16);
        if (key != null) {
            builder.key(key, 0, key.length);
        }
        // Within a larger array, as values of batches are.
        byte[] around = Arrays.copyOf("[{\"".getBytes(UTF_8), 3 + value.length + 3);
        System.arraycopy(value, 0, around, 3, value.length);
        builder.add(0, around, 3, value.length);
        return Filter.parse("filter", filter).on(builder.build()).matches(0);
    }

    private static int[] matching(String filter, RecordBatch records) {
        Filter.Matcher matcher = Filter.parse("filter", filter).on(records);
        return IntStream.range(0, records.count()).filter(matcher::matches).toArray();
    }
}
