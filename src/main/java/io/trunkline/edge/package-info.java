/** What all edges share: the bounds on connections, requests and responses. */
@NullMarked
package io.trunkline.edge;

import org.jspecify.annotations.NullMarked;
