/** Consumers of HTTP clients, kept by the service: where each stands, and what is being sent to it. */
@NullMarked
package io.trunkline.consumer;

import org.jspecify.annotations.NullMarked;
