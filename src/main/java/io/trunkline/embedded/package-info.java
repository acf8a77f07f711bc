/** The embedded PostgreSQL for a start without configuration, and the program's entry. */
@NullMarked
package io.trunkline.embedded;

import org.jspecify.annotations.NullMarked;

