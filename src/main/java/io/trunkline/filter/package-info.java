/** Filter expressions, and their evaluation over records where their bytes lie. */
@NullMarked
package io.trunkline.filter;

import org.jspecify.annotations.NullMarked;
