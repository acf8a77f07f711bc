package io.trunkline.log;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Counters by topic, of a bounded number of topics: those that were counted first have their names, and later ones are
 * counted together until some of the others have been deleted.
 */
@Singleton
public class TopicCounters {
    /** Stands for the topics that are not told by name; no topic can have it. */
    public static final String OTHERS = "*";

    /** The counter of records that this replica has written. */
    public static final String RECORDS_WRITTEN = "trunkline.append.records";

    /** The counter of bytes of keys, values and headers that this replica has written. */
    public static final String BYTES_WRITTEN = "trunkline.append.bytes";

    /** The counter of records that this replica has given to readers. */
    public static final String RECORDS_READ = "trunkline.fetch.records";

    /** The counter of bytes of keys, values and headers that this replica has given to readers. */
    public static final String BYTES_READ = "trunkline.fetch.bytes";

    private final MeterRegistry registry;
    private final int most;
    /** By topic, then by name. */
    private final Map<String, Map<String, Counter>> counters = new ConcurrentHashMap<>();
    /** Topics that the look before the last one did not find. Used by one thread. */
    private final Set<String> missing = new HashSet<>();

    TopicCounters(MeterRegistry registry, LogConfig config) {
        this.registry = registry;
        most = config.metrics().maxTopics();
    }

    public void count(String name, String description, String topic, long amount) {
        Map<String, Counter> known = counters.get(topic);
        String label = known != null || counters.size() < most ? topic : OTHERS;
        counters.computeIfAbsent(label, t -> new ConcurrentHashMap<>())
                .computeIfAbsent(
                        name,
                        n -> Counter.builder(n)
                                .description(description)
                                .tag("topic", label)
                                .register(registry))
                .increment(amount);
    }

    /** What some counters stand at, in their order, by topic; 0 where nothing has been counted. */
    public Map<String, long[]> counts(List<String> names) {
        Map<String, long[]> counts = new HashMap<>();
        counters.forEach((topic, known) -> {
            long[] values = new long[names.size()];
            for (int i = 0; i < values.length; i++) {
                Counter counter = known.get(names.get(i));
                values[i] = counter == null ? 0 : (long) counter.count();
            }
            counts.put(topic, values);
        });
        return counts;
    }

    /**
     * Forgets the counters of topics that do not exist: at the second time, since a topic may have been created while the
     * first look was taken.
     */
    void keep(Collection<String> topics) {
        Set<String> existing = new HashSet<>(topics);
        List<String> gone = new ArrayList<>();
        for (String topic : counters.keySet()) {
            if (!existing.contains(topic) && !topic.equals(OTHERS)) {
                gone.add(topic);
            }
        }
        for (String topic : gone) {
            if (missing.contains(topic)) {
                Map<String, Counter> forgotten = counters.remove(topic);
                if (forgotten != null) {
                    forgotten.values().forEach(registry::remove);
                }
            }
        }
        missing.clear();
        missing.addAll(gone);
    }
}
