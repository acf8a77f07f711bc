package io.trunkline.log;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.util.List;
import java.util.Optional;

/**
 * What was read of a partition beyond what was asked for: one stretch without holes for each. Records never change, so it
 * needs no care; it knows nothing of the log start: who reads from it has to.
 */
@RegisterForReflection(classNames = "com.github.benmanes.caffeine.cache.SSMW")
final class ReadAhead {
    private final Cache<Long, List<FetchedBatch>> stretches;

    ReadAhead(long mostBytes) {
        stretches = Caffeine.newBuilder()
                .maximumWeight(mostBytes)
                .<Long, List<FetchedBatch>>weigher((partitionId, stretch) -> (int) Math.min(
                        Integer.MAX_VALUE,
                        stretch.stream()
                                .mapToLong(b -> b.records().memorySize())
                                .sum()))
                .build();
    }

    /** Keeps a stretch in the place of the one before. */
    void keep(long partitionId, List<FetchedBatch> stretch) {
        stretches.put(partitionId, List.copyOf(stretch));
    }

    /** A page from an offset, when that is held. */
    Optional<PageBuilder> read(FetchRequest request) {
        List<FetchedBatch> stretch = stretches.getIfPresent(request.partitionId());
        if (stretch == null
                || request.offset() < stretch.getFirst().baseOffset()
                || request.offset() >= stretch.getLast().nextOffset()) {
            return Optional.empty();
        }
        PageBuilder page = PageBuilder.empty(request);
        for (FetchedBatch batch : stretch) {
            if (batch.nextOffset() > request.offset() && !page.add(batch)) {
                break;
            }
        }
        return Optional.of(page);
    }
}
