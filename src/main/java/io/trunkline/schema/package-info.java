/** The schema of the database: brought up to date, checked, and announced to whoever waits for it. */
@NullMarked
package io.trunkline.schema;

import org.jspecify.annotations.NullMarked;
