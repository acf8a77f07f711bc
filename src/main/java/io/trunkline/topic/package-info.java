/** Topics: their names, partitions and configuration. */
@NullMarked
package io.trunkline.topic;

import org.jspecify.annotations.NullMarked;
