/** Failures as codes, which every edge translates into its own protocol. */
@NullMarked
package io.trunkline.error;

import org.jspecify.annotations.NullMarked;
