/** The HTTP API on port 8080. */
@NullMarked
package io.trunkline.rest;

import org.jspecify.annotations.NullMarked;
