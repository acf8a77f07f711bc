package io.trunkline.group;

import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Where a group without consumers is to go on, and in which partitions.
 *
 * @param target where
 * @param scope in which partitions; of {@link Target.Offsets} those that it names
 */
public record GroupReset(Target target, Scope scope) {
    public GroupReset {
        if (target instanceof Target.Offsets(Map<TopicPartition, OffsetAndMetadata> offsets)) {
            scope = new Scope.Partitions(offsets.keySet());
        }
    }

    /** Where a group goes on in a partition. */
    public sealed interface Target {
        /** At the first record that is kept. */
        record Earliest() implements Target {}

        /** After the last record there is. */
        record Latest() implements Target {}

        /** At the first record that is not older, in milliseconds since the epoch. */
        record Time(long timestamp) implements Target {}

        /** So many records after where the group would go on now, or before it where negative; within what can be read. */
        record Shift(long records) implements Target {}

        /** At these offsets, as they are given. */
        record Offsets(Map<TopicPartition, OffsetAndMetadata> offsets) implements Target {
            public Offsets {
                offsets = Map.copyOf(offsets);
            }
        }
    }

    /** Some partitions. */
    public sealed interface Scope {
        /** All in which the group has an offset. */
        record Known() implements Scope {}

        /** All of these topics. */
        record Topics(Collection<TopicName> names) implements Scope {
            public Topics {
                names = List.copyOf(names);
            }
        }

        /** These. */
        record Partitions(Collection<TopicPartition> names) implements Scope {
            public Partitions {
                names = List.copyOf(names);
            }
        }
    }

    /** Whether it makes a group that does not exist: not so where it goes by what the group has. */
    boolean creates() {
        return !(scope instanceof Scope.Known) && !(target instanceof Target.Shift);
    }
}
