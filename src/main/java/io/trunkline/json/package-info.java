/** JSON written and checked byte by byte. */
@NullMarked
package io.trunkline.json;

import org.jspecify.annotations.NullMarked;
