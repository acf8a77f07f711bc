/** The embedded PostgreSQL for a start without configuration. */
@NullMarked
package io.trunkline.embedded;

import org.jspecify.annotations.NullMarked;
