/** Trunkline: event streaming on PostgreSQL. The program's entry, its refusals and its end. */
@NullMarked
package io.trunkline;

import org.jspecify.annotations.NullMarked;
