package io.trunkline.group;

/**
 * How many members a group has.
 *
 * @param group its name as it is stored, which may be a name that no call can have made
 */
public record GroupSize(String group, int generation, int members) {}
