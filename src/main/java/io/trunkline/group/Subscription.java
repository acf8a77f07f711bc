package io.trunkline.group;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
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

    /** Its part of all topics whose whole name matches, also of those that will be created. */
    record Matching(Pattern pattern) implements Subscription {
        private static final int LONGEST = 1000;

        /**
         * The pattern in untrusted text, in the syntax of RE2, which takes linear time; as Kafka's brokers (KIP-848).
         *
         * @throws TrunklineException {@code INVALID_SUBSCRIPTION}
         */
        public static Matching parse(String text) {
            if (text.isEmpty() || text.length() > LONGEST) {
                throw new TrunklineException(
                        ErrorCode.INVALID_SUBSCRIPTION, "topic_pattern must have 1 to " + LONGEST + " characters.");
            }
            try {
                return new Matching(Pattern.compile(text));
            } catch (PatternSyntaxException e) {
                throw new TrunklineException(
                        ErrorCode.INVALID_SUBSCRIPTION,
                        "topic_pattern is not a regular expression that RE2 understands: " + e.getDescription() + ".");
            }
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

    /** Whether it reads topics, whose partitions the members of a group share. */
    default boolean shares() {
        return this instanceof Topics || this instanceof Matching;
    }

    /** Whether a topic of this name is read. */
    default boolean wants(TopicName topic) {
        return switch (this) {
            case Topics topics -> topics.names().contains(topic);
            case Matching matching -> matching.pattern().matches(topic.value());
            case None none -> false;
            case Partitions partitions -> false;
        };
    }
}
