/** Trunkline: event streaming on PostgreSQL. */
@NullMarked
package io.trunkline;

import org.jspecify.annotations.NullMarked;

