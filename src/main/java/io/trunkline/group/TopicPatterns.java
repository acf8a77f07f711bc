package io.trunkline.group;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.logging.Logger;

/**
 * Which topic names match the patterns of subscriptions. A replica compiles each pattern once and matches each name once,
 * as long as its bounded memory remembers both. Compiling and matching take a processor for up to some milliseconds: call
 * this from a worker thread.
 */
final class TopicPatterns {
    private static final Logger LOG = Logger.getLogger(TopicPatterns.class);
    /** How long one call matches names that it does not know; the next call goes on from there. */
    private static final Duration MOST_TIME = Duration.ofSeconds(1);

    /** Of an instruction with its place in the queues of RE2/J's machine, and of what a machine keeps per group. */
    private static final int INSTRUCTION_BYTES = 200;

    private static final int GROUP_BYTES = 16;
    private static final long MOST_PROGRAM_BYTES = 16L << 20;
    private static final long MOST_RESULT_BYTES = 16L << 20;
    private static final int LEAST_NAMES = 100_000;

    /** Empty for a text that RE2 does not understand. */
    private final Cache<String, Optional<Pattern>> programs = Caffeine.newBuilder()
            .maximumWeight(MOST_PROGRAM_BYTES)
            .weigher((String text, Optional<Pattern> program) -> bytes(text, program))
            .build();

    private volatile Memory memory = new Memory();

    /** The names that have been seen, each with its place in the results, and what is known of them. */
    private static final class Memory {
        private final Map<String, Integer> places = new ConcurrentHashMap<>();
        private final AtomicInteger next = new AtomicInteger();
        private final Cache<String, Results> results = Caffeine.newBuilder()
                .maximumWeight(MOST_RESULT_BYTES)
                .weigher((String text, Results r) ->
                        text.length() * 2 + (r.known().size() + r.matching().size()) / 8 + 100)
                .build();

        int place(String name) {
            return places.computeIfAbsent(name, n -> next.getAndIncrement());
        }
    }

    /** By the places of names; never changed once it is remembered. */
    private record Results(BitSet known, BitSet matching) {}

    /** @throws TrunklineException {@code INVALID_SUBSCRIPTION} where the pattern cannot be understood */
    void check(Subscription.Matching subscription) {
        Subscription.Matching.parse(subscription.pattern());
        if (program(subscription.pattern()).isEmpty()) {
            try {
                Pattern.compile(subscription.pattern());
            } catch (PatternSyntaxException e) {
                throw new TrunklineException(
                        ErrorCode.INVALID_SUBSCRIPTION,
                        "topic_pattern is not a regular expression that RE2 understands: " + e.getDescription() + ".");
            }
        }
    }

    /** Those of the names that patterns match, by the patterns. */
    final class Matches {
        private final List<String> names;
        private final long deadline = System.nanoTime() + MOST_TIME.toNanos();

        private Matches(List<String> names) {
            this.names = names;
        }

        /**
         * The names that a pattern matches: none where it cannot be understood.
         *
         * @throws TrunklineException {@code OVERLOADED} when that takes too long; what was found is remembered, so that the
         *     next call goes on
         */
        Set<String> of(String pattern) {
            return matching(pattern, names, deadline);
        }
    }

    /** A look at these names, which takes at most a second for all patterns together. */
    Matches matches(List<String> names) {
        return new Matches(names);
    }

    private Set<String> matching(String pattern, List<String> names, long deadline) {
        Memory now = memory(names.size());
        List<String> unknown = new ArrayList<>();
        Results before = now.results.getIfPresent(pattern);
        Set<String> matching = new HashSet<>();
        for (String name : names) {
            int place = now.place(name);
            if (before == null || !before.known().get(place)) {
                unknown.add(name);
            } else if (before.matching().get(place)) {
                matching.add(name);
            }
        }
        if (unknown.isEmpty()) {
            return matching;
        }
        Optional<Pattern> program = program(pattern);
        BitSet known = before == null ? new BitSet() : (BitSet) before.known().clone();
        BitSet matched =
                before == null ? new BitSet() : (BitSet) before.matching().clone();
        int done = 0;
        // At least one name a call, so that every call gets on.
        while (done < unknown.size() && (done == 0 || System.nanoTime() - deadline < 0)) {
            String name = unknown.get(done++);
            int place = now.place(name);
            if (program.isPresent() && program.get().matches(name)) {
                matched.set(place);
                matching.add(name);
            }
            known.set(place);
        }
        now.results.put(pattern, new Results(known, matched));
        if (done < unknown.size()) {
            throw new TrunklineException(
                    ErrorCode.OVERLOADED,
                    "Matching topic_pattern against all topics takes long; nothing was done. Try again: the service goes on"
                            + " from where it was.");
        }
        return matching;
    }

    /** Starts anew when it holds many more names than there are topics. */
    private Memory memory(int names) {
        Memory now = memory;
        if (now.next.get() > Math.max(LEAST_NAMES, 2L * names)) {
            now = new Memory();
            memory = now;
        }
        return now;
    }

    private Optional<Pattern> program(String text) {
        Optional<Pattern> program = programs.get(text, TopicPatterns::compiled);
        return program == null ? Optional.empty() : program;
    }

    private static Optional<Pattern> compiled(String text) {
        try {
            // A stored one may be older than the bound, or come from SQL.
            Subscription.Matching.parse(text);
            return Optional.of(Pattern.compile(text));
        } catch (PatternSyntaxException e) {
            LOG.debugf("A subscription has a pattern that cannot be understood reason=%s", e.getDescription());
        } catch (TrunklineException e) {
            LOG.debugf("A subscription has a pattern that is not allowed reason=%s", e.userMessage());
        }
        return Optional.empty();
    }

    private static int bytes(String text, Optional<Pattern> program) {
        int own = 100 + 2 * text.length();
        return program.isEmpty()
                ? own
                : own
                        + (int) PatternSize.of(text)
                                * (INSTRUCTION_BYTES
                                        + GROUP_BYTES * program.get().groupCount());
    }
}
