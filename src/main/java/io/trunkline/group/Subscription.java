package io.trunkline.group;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.Sql;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import java.util.Collections;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What a consumer wants to read. */
public sealed interface Subscription {
    /** Nothing. */
    record None() implements Subscription {}

    /** Its part of these topics, some of which may not exist yet. */
    record Topics(Set<TopicName> names) implements Subscription {
        public Topics {
            names = Set.copyOf(names);
        }
    }

    /**
     * Its part of all topics whose whole name matches, also of those that will be created.
     *
     * @param pattern in the syntax of RE2, which takes linear time; as Kafka's brokers (KIP-848)
     */
    record Matching(String pattern) implements Subscription {
        /** A literal pattern of this length is as large as that; a name of 249 characters takes 500 at most. */
        private static final int LARGEST = 2000;

        private static final int LONGEST = 1000;

        /**
         * The pattern in untrusted text, which is not compiled here: whether it is a regular expression shows later.
         *
         * @throws TrunklineException {@code INVALID_SUBSCRIPTION} for a text that is too long, that PostgreSQL cannot store,
         *     or whose program would be too large
         */
        public static Matching parse(String text) {
            if (text.isEmpty() || text.length() > LONGEST) {
                throw new TrunklineException(
                        ErrorCode.INVALID_SUBSCRIPTION, "topic_pattern must have 1 to " + LONGEST + " characters.");
            }
            if (!Sql.isStorable(text)) {
                throw new TrunklineException(
                        ErrorCode.INVALID_SUBSCRIPTION,
                        "topic_pattern must not contain U+0000 or half a surrogate pair.");
            }
            long size = PatternSize.of(text);
            if (size > LARGEST) {
                throw new TrunklineException(
                        ErrorCode.INVALID_SUBSCRIPTION,
                        "topic_pattern is too large: with its repetitions written out it has up to " + size
                                + " parts, and " + LARGEST + " are allowed. Use * or + instead of large counts.");
            }
            return new Matching(text);
        }
    }

    /** These partitions, some of which may not exist yet, whoever else reads them. */
    record Partitions(SortedSet<TopicPartition> named) implements Subscription {
        public Partitions {
            named = Collections.unmodifiableSortedSet(new TreeSet<>(named));
        }

        /** Their topics. */
        Set<TopicName> topics() {
            return named.stream().map(TopicPartition::topic).collect(Collectors.toSet());
        }
    }

    /** Somebody wants to read in two ways at once. In the words of the bridge's contract. */
    static TrunklineException conflict() {
        return new TrunklineException(
                ErrorCode.SUBSCRIPTION_CONFLICT,
                "Subscriptions to topics, partitions, and patterns are mutually exclusive.");
    }

    /** Whether it reads topics, whose partitions the members of a group share. */
    default boolean shares() {
        return this instanceof Topics || this instanceof Matching;
    }
}
