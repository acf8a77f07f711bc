package io.trunkline.overview;

import java.util.List;
import java.util.OptionalDouble;

/**
 * What this replica has written and given to readers, a second, by time. Each list has one item for each time, empty where it is not
 * known.
 *
 * @param times the ends of the intervals, in milliseconds since the epoch
 */
public record Traffic(
        List<Long> times,
        List<OptionalDouble> recordsIn,
        List<OptionalDouble> bytesIn,
        List<OptionalDouble> recordsOut,
        List<OptionalDouble> bytesOut) {}
