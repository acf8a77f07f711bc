package io.trunkline.schema;

/**
 * Happens once, when the server, the schema and the rights have been found to be good. What works on PostgreSQL by itself
 * begins with it, and not with the start of the process: PostgreSQL may be away then, or its schema be changing.
 *
 * @param version of the schema
 */
public record DatabaseReady(String version) {}
