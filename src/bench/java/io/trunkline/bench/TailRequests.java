package io.trunkline.bench;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/**
 * Requests for readers at the end of the log: each goes to the next partition, and each of its records tells when it was to be sent and
 * which one of its partition it is.
 */
final class TailRequests implements OpenLoop.Requests {
    /** Of each request of the tail scenario. */
    static final int RECORDS = 100;

    static final int BYTES = 1024;
    static final byte[] MARKER = "\"value\":{\"t\":".getBytes(StandardCharsets.US_ASCII);
    /** Added to times and numbers, so that they have the same length as long as they are below it. */
    static final long TIME_BASE = 1_000_000_000_000_000_000L;

    static final long NUMBER_BASE = 1_000_000_000L;
    /** Where the number of a record begins, behind the marker: after 19 digits and what follows them. */
    static final int NUMBER_AT = 19 + ",\"n\":".length();

    private final byte[][] templates;
    private final int firstValue;
    private final int distance;
    private final long timeZero;
    private final int records;

    /** @param records of each request */
    TailRequests(String topic, int partitions, int records, long timeZero) {
        this.records = records;
        this.timeZero = timeZero;
        templates = new byte[partitions][];
        Random random = new Random(1);
        for (int p = 0; p < partitions; p++) {
            StringBuilder body = new StringBuilder("{\"records\":[");
            for (int i = 0; i < records; i++) {
                body.append(i == 0 ? "{\"value\":" : ",{\"value\":");
                int start = body.length();
                body.append("{\"t\":").append(TIME_BASE).append(",\"n\":").append(NUMBER_BASE);
                body.append(",\"pad\":\"");
                while (body.length() - start < BYTES - 2) {
                    body.append(Character.forDigit(random.nextInt(16), 16));
                }
                body.append("\"}}");
            }
            ByteBuf request = Payloads.post(
                    "/topics/" + topic + "/partitions/" + p, "application/vnd.kafka.json.v2+json", body.append("]}"));
            templates[p] = new byte[request.readableBytes()];
            request.readBytes(templates[p]);
        }
        int first = Pages.find(templates[0], MARKER, 0, templates[0].length) + MARKER.length;
        firstValue = first;
        distance =
                records == 1 ? 0 : Pages.find(templates[0], MARKER, first, templates[0].length) + MARKER.length - first;
    }

    @Override
    public void send(HttpConnection connection, long index, long intended) {
        byte[] template = templates[(int) (index % templates.length)];
        long number = NUMBER_BASE + index / templates.length * records;
        for (int i = 0; i < records; i++) {
            int at = firstValue + i * distance;
            digits(template, at, 19, TIME_BASE + intended - timeZero);
            digits(template, at + NUMBER_AT, 10, number + i);
        }
        connection.send(connection.buffer(template.length).writeBytes(template), intended);
    }

    private static void digits(byte[] into, int at, int count, long number) {
        long rest = number;
        for (int i = at + count - 1; i >= at; i--) {
            into[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
    }
}
