package io.trunkline.filter;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.trunkline.record.RecordBatch;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Random filters over random records, beside an evaluation that reads everything into objects. */
class FilterRandomTest {
    private static final int ROUNDS = 3_000;
    private static final int RECORDS = 20;
    private static final String[] NAMES = {"a", "b", "ab", "c d", "é", "\uD83D\uDE00", "\"", "0", ""};
    private static final String[] TEXTS = {
        "", "a", "ab", "abc", "é", "\uD83D\uDE00x", "\"a\"", "1", "true", "null", "a\\b\n"
    };
    private static final String[] NUMBERS = {
        "0",
        "-0",
        "0.0",
        "1",
        "1.0",
        "10e-1",
        "0.1e1",
        "-1",
        "10",
        "1e1",
        "1E+1",
        "100e-1",
        "0.5",
        "5e-1",
        "123.450",
        "1234.5e-1"
    };

    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private record Header(String name, byte @Nullable [] value) {}

    private record Plain(byte @Nullable [] key, List<Header> headers, byte @Nullable [] value) {}

    private interface Naive {
        boolean matches(Plain plain);
    }

    private record Both(String text, Naive naive) {}

    @Test
    void filtersMatchWhatANaiveEvaluationMatches() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int matched = 0;
        int passed = 0;
        for (int round = 0; round < ROUNDS; round++) {
            List<Both> terms = new ArrayList<>();
            for (int t = 1 + random.nextInt(3); t > 0; t--) {
                terms.add(term(random));
            }
            String text = String.join(
                    random.nextBoolean() ? " and " : "\tAND\n",
                    terms.stream().map(Both::text).toList());
            List<Plain> plain = new ArrayList<>();
            for (int i = 0; i < RECORDS; i++) {
                plain.add(record(random));
            }

            Filter.Matcher matcher = Filter.parse("filter", text).on(batch(plain));

            for (int i = 0; i < RECORDS; i++) {
                Plain one = plain.get(i);
                boolean expected = terms.stream().allMatch(term -> term.naive().matches(one));
                assertThat(matcher.matches(i))
                        .as(() -> "seed " + seed + " filter " + text + " key " + shown(one.key()) + " value "
                                + shown(one.value()))
                        .isEqualTo(expected);
                matched += expected ? 1 : 0;
                passed += expected ? 0 : 1;
            }
        }
        assertThat(matched).isGreaterThan(ROUNDS / 10);
        assertThat(passed).isGreaterThan(ROUNDS / 10);
    }

    private static String shown(byte @Nullable [] bytes) {
        return bytes == null ? "none" : new String(bytes, UTF_8);
    }

    private static RecordBatch batch(List<Plain> plain) {
        RecordBatch.Builder builder = new RecordBatch.Builder(plain.size(), 64);
        for (Plain one : plain) {
            one.headers().forEach(header -> builder.header(header.name(), header.value()));
            byte[] key = one.key();
            if (key != null) {
                builder.key(key, 0, key.length);
            }
            byte[] value = one.value();
            if (value == null) {
                builder.addTombstone(0);
            } else {
                builder.add(0, value, 0, value.length);
            }
        }
        return builder.build();
    }

    private static Both term(Random random) {
        int kind = random.nextInt(8);
        String operand = random.nextInt(3) == 0 ? "exists" : random.nextInt(3) == 0 ? "^=" : "=";
        String text = pick(random, TEXTS);
        if (kind == 0) {
            return new Both(
                    written(random, "key", operand, quoted(random, text)),
                    plain -> keyPasses(plain.key(), operand, text));
        }
        if (kind == 1) {
            String name = pick(random, NAMES);
            return new Both(
                    written(random, "header[" + quoted(random, name) + "]", operand, quoted(random, text)),
                    plain -> plain.headers().stream()
                            .filter(header -> header.name().equals(name))
                            .anyMatch(header -> operand.equals("exists") || passes(header.value(), operand, text)));
        }
        List<Object> path = new ArrayList<>();
        StringBuilder place = new StringBuilder("value");
        for (int steps = random.nextInt(4); steps > 0; steps--) {
            if (random.nextInt(4) == 0) {
                int index = random.nextInt(3);
                path.add(index);
                place.append('[').append(index).append(']');
            } else {
                String name = pick(random, NAMES);
                path.add(name);
                place.append(
                        name.equals("a") || name.equals("ab") || name.equals("é")
                                ? "." + name
                                : "[" + quoted(random, name) + "]");
            }
        }
        if (!operand.equals("=")) {
            return new Both(
                    written(random, place.toString(), operand, quoted(random, text)),
                    plain -> valuePasses(
                            plain.value(),
                            path,
                            found -> operand.equals("exists")
                                    || (found.isTextual() && found.textValue().startsWith(text))));
        }
        return switch (random.nextInt(3)) {
            case 0 ->
                new Both(
                        written(random, place.toString(), operand, quoted(random, text)),
                        plain -> valuePasses(
                                plain.value(),
                                path,
                                found -> found.isTextual() && found.textValue().equals(text)));
            case 1 -> {
                String number = pick(random, NUMBERS);
                yield new Both(
                        written(random, place.toString(), operand, number),
                        plain -> valuePasses(
                                plain.value(),
                                path,
                                found -> found.isNumber()
                                        && found.decimalValue().compareTo(new BigDecimal(number)) == 0));
            }
            default -> {
                String word = pick(random, "true", "false", "null");
                yield new Both(
                        written(random, place.toString(), operand, word),
                        plain -> valuePasses(
                                plain.value(),
                                path,
                                found -> (found.isBoolean() || found.isNull())
                                        && found.asText().equals(word)));
            }
        };
    }

    private static boolean keyPasses(byte @Nullable [] key, String operand, String text) {
        if (passes(key, operand, text)) {
            return true;
        }
        return key != null
                && key.length > 0
                && key[0] == '"'
                && key[key.length - 1] == '"'
                && valuePasses(
                        key,
                        List.of(),
                        found -> operand.equals("=")
                                ? found.textValue().equals(text)
                                : found.textValue().startsWith(text));
    }

    private static boolean passes(byte @Nullable [] bytes, String operand, String text) {
        byte[] wanted = text.getBytes(UTF_8);
        return switch (operand) {
            case "exists" -> bytes != null;
            case "=" -> bytes != null && Arrays.equals(bytes, wanted);
            default ->
                bytes != null
                        && bytes.length >= wanted.length
                        && Arrays.equals(bytes, 0, wanted.length, wanted, 0, wanted.length);
        };
    }

    private interface NodeTest {
        boolean passes(JsonNode found);
    }

    private static boolean valuePasses(byte @Nullable [] value, List<Object> path, NodeTest test) {
        if (value == null) {
            return false;
        }
        JsonNode node;
        try {
            node = MAPPER.readTree(new String(value, UTF_8));
        } catch (JsonProcessingException e) {
            return false;
        }
        for (Object step : path) {
            if (step instanceof Integer index) {
                node = node.isArray() ? node.path(index) : MissingNode.getInstance();
            } else {
                node = node.isObject() ? node.path(step.toString()) : MissingNode.getInstance();
            }
        }
        return !node.isMissingNode() && test.passes(node);
    }

    private static String written(Random random, String place, String operand, String literal) {
        String space = random.nextBoolean() ? " " : "";
        return operand.equals("exists")
                ? "exists(" + space + place + space + ")"
                : place + space + operand + space + literal;
    }

    private static String quoted(Random random, String text) {
        char quote = random.nextBoolean() ? '"' : '\'';
        return quote + escaped(random, text, quote) + quote;
    }

    private static String escaped(Random random, String text, char quote) {
        StringBuilder out = new StringBuilder();
        for (char c : text.toCharArray()) {
            if (random.nextInt(6) == 0) {
                out.append(String.format("\\u%04x", (int) c));
            } else if (c == quote || c == '\\') {
                out.append('\\').append(c);
            } else {
                out.append(c == '\n' ? "\\n" : String.valueOf(c));
            }
        }
        return out.toString();
    }

    private static Plain record(Random random) {
        byte[] key = switch (random.nextInt(3)) {
            case 0 -> null;
            case 1 -> pick(random, TEXTS).getBytes(UTF_8);
            default -> ('"' + escaped(random, pick(random, TEXTS), '"') + '"').getBytes(UTF_8);
        };
        List<Header> headers = new ArrayList<>();
        for (int h = random.nextInt(3); h > 0; h--) {
            headers.add(new Header(
                    pick(random, NAMES),
                    random.nextInt(4) == 0 ? null : pick(random, TEXTS).getBytes(UTF_8)));
        }
        byte[] value = switch (random.nextInt(12)) {
            case 0 -> null;
            case 1 -> "{\"a\":1".getBytes(UTF_8);
            default -> {
                StringBuilder json = new StringBuilder();
                json(random, 0, json);
                yield json.toString().getBytes(UTF_8);
            }
        };
        return new Plain(key, headers, value);
    }

    private static void json(Random random, int depth, StringBuilder out) {
        space(random, out);
        int kind = random.nextInt(depth < 3 ? 8 : 4);
        if (kind >= 4) {
            boolean object = kind > 5 || depth == 0;
            out.append(object ? '{' : '[');
            int count = random.nextInt(5);
            for (int i = 0; i < count; i++) {
                out.append(i == 0 ? "" : ",");
                if (object) {
                    space(random, out);
                    out.append('"')
                            .append(escaped(random, pick(random, NAMES), '"'))
                            .append('"');
                    space(random, out);
                    out.append(':');
                }
                json(random, depth + 1, out);
            }
            space(random, out);
            out.append(object ? '}' : ']');
        } else if (kind == 3) {
            out.append(pick(random, "true", "false", "null"));
        } else if (kind == 2) {
            out.append(pick(random, NUMBERS));
        } else {
            out.append('"').append(escaped(random, pick(random, TEXTS), '"')).append('"');
        }
        space(random, out);
    }

    private static void space(Random random, StringBuilder out) {
        if (random.nextInt(5) == 0) {
            out.append(pick(random, " ", "\n", "\t", "\r\n"));
        }
    }

    private static String pick(Random random, String... from) {
        return from[random.nextInt(from.length)];
    }
}
