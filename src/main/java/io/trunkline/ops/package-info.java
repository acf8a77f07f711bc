/** Operation: health, metrics routes of the management port, configuration checks, start-up report. */
@NullMarked
package io.trunkline.ops;

import org.jspecify.annotations.NullMarked;
