/** Records as they pass through the service: columns of times, keys, values and headers in one layout from edge to database. */
@NullMarked
package io.trunkline.record;

import org.jspecify.annotations.NullMarked;
