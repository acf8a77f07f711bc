package io.trunkline.access;

import java.util.Set;
import java.util.regex.Pattern;

/**
 * Somebody who has proven who they are.
 *
 * @param name 1 to 255 characters, none of them a control character; the same name is the same principal, however it is proven
 * @param roles those that the proof brings, such as a token's; the rules may give the name more
 */
public record Principal(String name, Set<String> roles) {
    private static final Pattern LEGAL_NAME = Pattern.compile("[^\\p{Cntrl}]{1,255}");
    private static final Pattern LEGAL_ROLE = Pattern.compile("[a-zA-Z0-9._:-]{1,100}");

    public Principal {
        if (!isLegalName(name)) {
            throw new IllegalArgumentException("illegal name of a principal");
        }
        roles = Set.copyOf(roles);
    }

    /** Whether a principal can have this name. */
    public static boolean isLegalName(String name) {
        return LEGAL_NAME.matcher(name).matches();
    }

    /** Whether a role can have this name: 1 to 100 of {@code a-z A-Z 0-9 . _ : -}. */
    public static boolean isLegalRole(String role) {
        return LEGAL_ROLE.matcher(role).matches();
    }

    @Override
    public String toString() {
        return name;
    }
}
