package io.trunkline.command;

/**
 * A role that a principal has.
 *
 * @param source {@code api}, also for one of a command, or {@code file}
 */
record StoredRole(String principal, String role, String source) {}
