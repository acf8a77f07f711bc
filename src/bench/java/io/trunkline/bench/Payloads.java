package io.trunkline.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/** Records and requests, made beforehand; the same ones in every run. */
final class Payloads {
    private static final int VARIANTS = 64;
    private static final String PREFIX = "{\"reading\":\"";
    private static final String SUFFIX = "\"}";

    private Payloads() {}

    /** A JSON value of so many bytes, half of which could be compressed away as in real ones. */
    static byte[] value(Random random, int bytes) {
        StringBuilder text = new StringBuilder(bytes).append(PREFIX);
        while (text.length() < bytes - SUFFIX.length()) {
            text.append(Character.forDigit(random.nextInt(16), 16));
        }
        return text.append(SUFFIX).toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** Batches of values, as a bare loop writes them. */
    static byte[][][] batches(int records, int bytes) {
        Random random = new Random(1);
        byte[][][] batches = new byte[Math.max(1, Math.min(VARIANTS, 100_000 / records))][records][];
        for (byte[][] batch : batches) {
            for (int i = 0; i < records; i++) {
                batch[i] = value(random, bytes);
            }
        }
        return batches;
    }

    /** Requests to a topic in the JSON format, with values of so many bytes. */
    static Produce json(String topic, int records, int bytes) {
        return json(topic, records, bytes, Bearer.NOBODY);
    }

    /** The same for the holder of a token. */
    static Produce json(String topic, int records, int bytes, Bearer bearer) {
        return new Produce(json(topic, records, bytes, bearer.header()), records);
    }

    /** The same, each with an idempotency key of its own. */
    static Produce jsonWithKeys(String topic, int records, int bytes) {
        String name = "Idempotency-Key: " + UUID.randomUUID() + "-";
        List<ByteBuf> requests = json(topic, records, bytes, name + "0".repeat(Produce.KEY_DIGITS) + "\r\n");
        int keyAt = requests.getFirst().toString(StandardCharsets.US_ASCII).indexOf(name) + name.length();
        return new Produce(requests, records, keyAt);
    }

    private static List<ByteBuf> json(String topic, int records, int bytes, String header) {
        Random random = new Random(1);
        ByteBuf[] requests = new ByteBuf[VARIANTS];
        for (int r = 0; r < VARIANTS; r++) {
            StringBuilder body = new StringBuilder("{\"records\":[");
            for (int i = 0; i < records; i++) {
                body.append(i == 0 ? "" : ",")
                        .append("{\"value\":")
                        .append(new String(value(random, bytes), StandardCharsets.US_ASCII))
                        .append('}');
            }
            requests[r] = post("/topics/" + topic, header, Format.JSON.mediaType(), body.append("]}"));
        }
        return List.of(requests);
    }

    /** Requests to a topic in the binary format, with values of so many random bytes. */
    static Produce binary(String topic, int records, int bytes) {
        Random random = new Random(1);
        ByteBuf[] requests = new ByteBuf[VARIANTS];
        byte[] value = new byte[bytes];
        for (int r = 0; r < VARIANTS; r++) {
            StringBuilder body = new StringBuilder("{\"records\":[");
            for (int i = 0; i < records; i++) {
                random.nextBytes(value);
                body.append(i == 0 ? "" : ",")
                        .append("{\"value\":\"")
                        .append(Base64.getEncoder().encodeToString(value))
                        .append("\"}");
            }
            requests[r] = post("/topics/" + topic, Format.BINARY.mediaType(), body.append("]}"));
        }
        return new Produce(List.of(requests), records);
    }

    /** Requests that together write one record to each partition, each to so many of them. */
    static Produce onePerPartition(String topic, int partitions, int records, int bytes) {
        Random random = new Random(1);
        ByteBuf[] requests = new ByteBuf[partitions / records];
        for (int r = 0; r < requests.length; r++) {
            StringBuilder body = new StringBuilder("{\"records\":[");
            for (int i = 0; i < records; i++) {
                body.append(i == 0 ? "" : ",")
                        .append("{\"partition\":")
                        .append(r * records + i)
                        .append(",\"value\":")
                        .append(new String(value(random, bytes), StandardCharsets.US_ASCII))
                        .append('}');
            }
            requests[r] = post("/topics/" + topic, Format.JSON.mediaType(), body.append("]}"));
        }
        return new Produce(List.of(requests), records);
    }

    static ByteBuf post(String path, String contentType, CharSequence body) {
        return post(path, "", contentType, body);
    }

    static ByteBuf post(String path, Bearer bearer, String contentType, CharSequence body) {
        return post(path, bearer.header(), contentType, body);
    }

    /** @param header a line of the request's head, with its end; may be empty */
    private static ByteBuf post(String path, String header, String contentType, CharSequence body) {
        String request = "POST " + path + " HTTP/1.1\r\nHost: localhost\r\n" + header + "Content-Type: " + contentType
                + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
        byte[] bytes = request.getBytes(StandardCharsets.US_ASCII);
        return Unpooled.unreleasableBuffer(Unpooled.directBuffer(bytes.length).writeBytes(bytes));
    }

    /** Requests a page of a partition as JSON. */
    static ByteBuf get(ByteBuf into, String pathAndQuery) {
        return get(into, pathAndQuery, Format.JSON);
    }

    /** Requests records. */
    static ByteBuf get(ByteBuf into, String pathAndQuery, Format format) {
        return get(into, pathAndQuery, Bearer.NOBODY, format);
    }

    /** The same for the holder of a token. */
    static ByteBuf get(ByteBuf into, String pathAndQuery, Bearer bearer, Format format) {
        into.writeCharSequence(
                "GET " + pathAndQuery + " HTTP/1.1\r\nHost: localhost\r\n" + bearer.header() + "Accept: "
                        + format.mediaType() + "\r\n\r\n",
                StandardCharsets.US_ASCII);
        return into;
    }
}
