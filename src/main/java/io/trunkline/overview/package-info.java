/** What a replica can tell of the whole installation out of its memory: topics, groups, PostgreSQL, alerts, and its own traffic. */
@NullMarked
package io.trunkline.overview;

import org.jspecify.annotations.NullMarked;
