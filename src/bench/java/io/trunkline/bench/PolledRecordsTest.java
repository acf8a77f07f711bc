package io.trunkline.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PolledRecordsTest {
    private final PolledRecords records = new PolledRecords();

    @Test
    void recordsOfAnyLengthAndPartitionAreFound() {
        String body = "[" + record(0, 8, "1") + ",\n" + record(0, 9, "2") + ",\n" + record(0, 10, "3") + ",\n"
                + record(12, 0, "{\"reading\":\"0123456789\"}") + ",\n" + record(12, 1, "null") + "]";

        List<String> found = positions(body);

        assertThat(found).containsExactly("0-8", "0-9", "0-10", "12-0", "12-1");
    }

    @Test
    void everyRecordOfALongAnswerIsFoundOnce() {
        StringBuilder body = new StringBuilder("[");
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            body.append(i == 0 ? "" : ",\n").append(record(i / 1000, 500 + i % 1000, "{\"reading\":\"0123456789\"}"));
            expected.add(i / 1000 + "-" + (500 + i % 1000));
        }

        List<String> found = positions(body.append(']').toString());

        assertThat(found).isEqualTo(expected);
    }

    @Test
    void anEmptyAnswerAfterALongerOneHasNone() {
        positions("[" + record(3, 4, "5") + "]");

        List<String> found = positions("[]");

        assertThat(found).isEmpty();
    }

    private List<String> positions(String body) {
        byte[] bytes = body.getBytes(StandardCharsets.US_ASCII);
        List<String> positions = new ArrayList<>();
        records.of(bytes, bytes.length);
        while (records.next()) {
            positions.add(records.partition() + "-" + records.offset());
        }
        return positions;
    }

    private static String record(int partition, long offset, String value) {
        return "{\"topic\":\"t\",\"partition\":" + partition + ",\"offset\":" + offset
                + ",\"timestamp\":1700000000000,\"key\":null,\"value\":" + value + "}";
    }
}
