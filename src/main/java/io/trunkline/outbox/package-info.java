/** The outbox: records that were written in other people's transactions, on their way to the log. */
@NullMarked
package io.trunkline.outbox;

import org.jspecify.annotations.NullMarked;
