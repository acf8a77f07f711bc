package io.trunkline.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.consumer.Consumers;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.Group;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import jakarta.inject.Inject;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients note beside the offsets that they commit, as Kafka's OffsetCommit and OffsetFetch carry it. */
@QuarkusTest
class OffsetMetadataTest extends ServiceTestCase {
    private static final String NOTE = "Straße 1 \uD83D\uDE80";

    @Inject
    Groups groups;

    @Inject
    Consumers consumers;

    private Group group;
    private String topic;

    @BeforeEach
    void writeRecords() {
        group = new Group(api);
        topic = api.newTopic(2);
        api.writeNumbers(topic, 0, 0, 5);
    }

    @Test
    void commitOfAnEmptyGroupKeepsItsMetadata() {
        String longest = "x".repeat(4096);

        groups.commit(
                        new GroupName(group.id()),
                        Map.of(
                                partition(0), new OffsetAndMetadata(3, NOTE),
                                partition(1), new OffsetAndMetadata(0, longest)))
                .join();

        assertThat(committed(0)).contains(new OffsetAndMetadata(3, NOTE));
        assertThat(committed(1)).contains(new OffsetAndMetadata(0, longest));
        assertThat(group.committed(topic, 0)).hasValue(3);
        assertThat(group.partition(topic, 0).toString()).doesNotContain("Straße");
    }

    @Test
    void commitOfAMemberKeepsItsMetadata() {
        Consumer consumer = group.manualConsumer().subscribe(topic);
        commit(consumer, partition(0), new OffsetAndMetadata(2, NOTE));

        assertThat(committed(0)).contains(new OffsetAndMetadata(2, NOTE));
    }

    @Test
    void commitOfAPartitionThatNobodyHasKeepsItsMetadata() {
        String unread = api.newTopic(1);
        Consumer consumer = group.manualConsumer().subscribe(topic);
        TopicPartition partition = new TopicPartition(new TopicName(unread), 0);
        commit(consumer, partition, new OffsetAndMetadata(0, NOTE));

        assertThat(committed(partition)).contains(new OffsetAndMetadata(0, NOTE));
    }

    @Test
    void nextCommitReplacesTheMetadata() {
        Consumer manual = group.manualConsumer().subscribe(topic);
        commit(manual, partition(0), new OffsetAndMetadata(1, NOTE));
        commit(manual, partition(0), new OffsetAndMetadata(1));
        assertThat(committed(0)).contains(new OffsetAndMetadata(1, ""));

        commit(manual, partition(0), new OffsetAndMetadata(1, NOTE));
        assertThat(manual.pollUntil(5)).hasSize(5);
        manual.commit();

        assertThat(committed(0)).contains(new OffsetAndMetadata(5, ""));
    }

    @Test
    void commitOfAPollReplacesTheMetadata() {
        Consumer consumer = group.consumer().subscribe(topic);
        commit(consumer, partition(0), new OffsetAndMetadata(1, NOTE));
        assertThat(consumer.pollUntil(5)).hasSize(5);
        consumer.poll("timeout=0");

        assertThat(committed(0)).contains(new OffsetAndMetadata(5, ""));
    }

    @Test
    void commitOfAConsumerThatLeavesReplacesTheMetadata() {
        Consumer consumer = group.consumer().subscribe(topic);
        commit(consumer, partition(0), new OffsetAndMetadata(1, NOTE));
        assertThat(consumer.pollUntil(5)).hasSize(5);
        consumer.delete();

        assertThat(committed(0)).contains(new OffsetAndMetadata(5, ""));
    }

    @Test
    void nothingIsCommittedWhereTheGroupOnlyBegan() {
        group.consumer().subscribe(topic).poll("timeout=0");

        assertThat(committed(1)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\0b", "half a pair \uD83D", "\uDE80 the other half"})
    void metadataThatPostgresCannotStoreIsRefused(String metadata) {
        assertThat(OffsetAndMetadata.isLegal(metadata)).isFalse();
        assertThatThrownBy(() -> new OffsetAndMetadata(0, metadata)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void metadataHasAtMost4096Characters() {
        groups.commit(new GroupName(group.id()), Map.of(partition(0), new OffsetAndMetadata(0)))
                .join();

        assertThat(OffsetAndMetadata.isLegal("x".repeat(4096))).isTrue();
        assertThat(OffsetAndMetadata.isLegal("x".repeat(4097))).isFalse();
        assertThatThrownBy(() ->
                        TestDatabase.execute("UPDATE trunkline.group_offset SET commit_metadata = repeat('x', 4097)"
                                + " WHERE group_id = (SELECT group_id FROM trunkline.consumer_group WHERE name = '"
                                + group.id()
                                + "')"))
                .hasMessageContaining("commit_metadata");
    }

    private void commit(Consumer consumer, TopicPartition partition, OffsetAndMetadata offset) {
        consumers
                .commit(
                        new ConsumerRef(new GroupName(group.id()), new MemberName(consumer.name()), Optional.empty()),
                        Map.of(partition, offset))
                .join();
    }

    private Optional<OffsetAndMetadata> committed(int partition) {
        return committed(partition(partition));
    }

    private Optional<OffsetAndMetadata> committed(TopicPartition partition) {
        return groups.describe(new GroupName(group.id())).join().offsets().stream()
                .filter(offset -> offset.partition().equals(partition))
                .findFirst()
                .flatMap(GroupDescription.Offset::committed);
    }

    private TopicPartition partition(int number) {
        return new TopicPartition(new TopicName(topic), number);
    }
}
