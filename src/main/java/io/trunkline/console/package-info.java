/** The edge for people with a browser: the files of the console, which uses the HTTP API for everything else. */
@NullMarked
package io.trunkline.console;

import org.jspecify.annotations.NullMarked;
