/** Consumer groups: their members, who of them reads which partition, and how far they are. */
@NullMarked
package io.trunkline.group;

import org.jspecify.annotations.NullMarked;
