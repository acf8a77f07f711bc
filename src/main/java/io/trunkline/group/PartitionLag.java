package io.trunkline.group;

import io.trunkline.topic.TopicPartition;

/** How many records a group is behind in a partition. */
record PartitionLag(String group, TopicPartition topicPartition, long lag) {}
