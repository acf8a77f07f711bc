/** The database as the features see it: connections, worker pools, what an SQL failure means, migration at start-up. */
@NullMarked
package io.trunkline.jdbc;

import org.jspecify.annotations.NullMarked;

