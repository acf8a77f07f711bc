/** Retention: removes what topics do not keep, and frees its space. */
@NullMarked
package io.trunkline.retention;

import org.jspecify.annotations.NullMarked;
