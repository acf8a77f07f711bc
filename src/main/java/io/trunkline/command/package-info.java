/** The program's commands: tokens, roles and rules, changed by whoever has the credentials of the schema's owner. */
@NullMarked
package io.trunkline.command;

import org.jspecify.annotations.NullMarked;
