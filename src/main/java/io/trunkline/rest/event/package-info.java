/** CloudEvents 1.0: how they come by HTTP, stand in records as the Kafka binding says, and go out as JSON. */
@NullMarked
package io.trunkline.rest.event;

import org.jspecify.annotations.NullMarked;
