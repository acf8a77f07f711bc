/** Access: who a client is, and what the rules let it do. */
@NullMarked
package io.trunkline.access;

import org.jspecify.annotations.NullMarked;
