package io.trunkline.group;

import io.trunkline.log.OffsetRange;
import io.trunkline.topic.TopicPartition;
import java.util.OptionalLong;

/**
 * What a reset does to where a group goes on in a partition.
 *
 * @param from what is committed before; empty where nothing is
 * @param to what is committed afterwards
 * @param range what could be read when that was found out
 */
public record OffsetChange(TopicPartition partition, OptionalLong from, OffsetAndMetadata to, OffsetRange range) {}
