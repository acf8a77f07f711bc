/** Bounded waiting: pools, queues, calls that are put together, deadlines, and the end of the service. */
@NullMarked
package io.trunkline.async;

import org.jspecify.annotations.NullMarked;
