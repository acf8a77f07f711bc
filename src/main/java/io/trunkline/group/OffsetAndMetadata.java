package io.trunkline.group;

import io.trunkline.jdbc.Sql;
import io.trunkline.topic.TopicPartition;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The next offset to read, and what the client that committed it noted beside it.
 *
 * @param offset not negative
 * @param metadata at most 4,096 characters, none of them U+0000 or half a surrogate pair, which PostgreSQL cannot store
 */
public record OffsetAndMetadata(long offset, String metadata) {
    private static final int LONGEST_METADATA = 4096;

    public OffsetAndMetadata {
        if (offset < 0 || !isLegal(metadata)) {
            throw new IllegalArgumentException("negative offset, or metadata that cannot be kept");
        }
    }

    /** An offset without metadata. */
    public OffsetAndMetadata(long offset) {
        this(offset, "");
    }

    /** Whether metadata can be kept. */
    public static boolean isLegal(String metadata) {
        return metadata.length() <= LONGEST_METADATA && Sql.isStorable(metadata);
    }

    /** Offsets by the ids of their partitions, all of which {@code ids} has. */
    public static Map<Long, OffsetAndMetadata> byId(
            Map<TopicPartition, OffsetAndMetadata> offsets, Map<TopicPartition, Long> ids) {
        Map<Long, OffsetAndMetadata> byId = new HashMap<>();
        offsets.forEach((partition, offset) -> byId.put(Objects.requireNonNull(ids.get(partition)), offset));
        return byId;
    }
}
