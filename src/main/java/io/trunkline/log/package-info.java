/** The partition logs: append, fetch, wake-up, slices. */
@NullMarked
package io.trunkline.log;

import org.jspecify.annotations.NullMarked;
