/** The benchmark: {@code ./mvnw -Pbench verify}. It asserts that nothing is lost, and reports times without judging them. */
@NullMarked
package io.trunkline.bench;

import org.jspecify.annotations.NullMarked;
