package io.trunkline.rest;

import io.trunkline.error.TrunklineException;
import io.trunkline.json.JsonBuffer;
import io.trunkline.topic.TopicName;

/** The response to a produce request: {@code {"offsets": [...]}}. */
final class OffsetsJson {
    /** Bytes of a partition and offset, and of an error beside the name of its topic. */
    private static final int OFFSET_SIZE = 40;

    private static final int ERROR_SIZE = 120;

    private OffsetsJson() {}

    /** How large it will be in bytes, about; with an error for each record that may have one. */
    static long size(TopicName topic, ProduceRequest request) {
        int named = 0;
        for (int partition : request.partitions()) {
            named += partition == Producer.ANY_PARTITION ? 0 : 1;
        }
        return OFFSET_SIZE * (long) request.records().count()
                + (ERROR_SIZE + topic.value().length()) * (long) named;
    }

    /** A partition and offset or an error, with its code if wanted, for each record in the order of the request. */
    static byte[] of(ProduceResult result, boolean codes) {
        JsonBuffer json = new JsonBuffer(16 + result.count() * 32);
        json.ascii("{\"offsets\":[");
        for (int i = 0; i < result.count(); i++) {
            if (i > 0) {
                json.ascii(",");
            }
            TrunklineException failure = result.failure(i);
            if (failure == null) {
                json.ascii("{\"partition\":")
                        .number(result.partition(i))
                        .ascii(",\"offset\":")
                        .number(result.offset(i))
                        .ascii("}");
            } else {
                json.ascii("{\"error_code\":")
                        .number(ErrorStatus.of(failure.code()))
                        .ascii(",\"message\":")
                        .string(failure.userMessage());
                if (codes) {
                    json.ascii(",\"code\":\"").ascii(failure.code().name()).ascii("\"");
                }
                json.ascii("}");
            }
        }
        return json.ascii("]}").toBytes();
    }
}
