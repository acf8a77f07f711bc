/** What tests stand on: a real PostgreSQL, a network that can fail, an HTTP client. */
@NullMarked
package io.trunkline.testing;

import org.jspecify.annotations.NullMarked;
