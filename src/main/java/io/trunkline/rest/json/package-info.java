/** JSON written and checked byte by byte. */
@NullMarked
package io.trunkline.rest.json;

import org.jspecify.annotations.NullMarked;
