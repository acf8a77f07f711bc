package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.log.OffsetRange;
import io.trunkline.topic.TopicName;
import jakarta.ws.rs.core.Response;
import java.util.OptionalLong;

/** The headers that tell where a partition begins and ends, and where to go on. */
final class OffsetHeaders {
    static final String NEXT_OFFSET = "Trunkline-Next-Offset";
    static final String LOG_START_OFFSET = "Trunkline-Log-Start-Offset";
    static final String END_OFFSET = "Trunkline-End-Offset";

    private OffsetHeaders() {}

    /** Adds the range of the offsets that can be read. */
    static Response.ResponseBuilder add(Response.ResponseBuilder answer, OffsetRange range) {
        return answer.header(LOG_START_OFFSET, range.logStartOffset()).header(END_OFFSET, range.endOffset());
    }

    /** The answer to an offset that is not within the range. */
    static Response outOfRange(TopicName topic, int partition, OptionalLong offset, OffsetRange range) {
        Response answer = Errors.answer(new TrunklineException(
                ErrorCode.OFFSET_OUT_OF_RANGE,
                "Offset " + (offset.isPresent() ? offset.getAsLong() + " " : "") + "of partition " + partition
                        + " of topic " + topic
                        + " is out of range: it can be read from " + range.logStartOffset() + ", and its end is "
                        + range.endOffset() + "."));
        return add(Response.fromResponse(answer), range).build();
    }
}
