package io.trunkline.overview;

import java.util.OptionalLong;

/**
 * A group, as far as a caller may see it.
 *
 * @param lag over the topics that the caller sees; empty where nothing is known of any
 */
public record GroupState(String group, int members, OptionalLong lag) {}
