package io.trunkline.command;

import io.trunkline.access.Rule;

/**
 * A rule as the database has it.
 *
 * @param source {@code api}, also for one of a command, or {@code file}
 */
record StoredRule(long id, Rule rule, String source, String createdBy) {}
