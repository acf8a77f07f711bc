/** The database as the features see it: connections, statements, transactions, and what an SQL failure means. */
@NullMarked
package io.trunkline.jdbc;

import org.jspecify.annotations.NullMarked;
