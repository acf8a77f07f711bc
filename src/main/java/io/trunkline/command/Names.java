package io.trunkline.command;

import io.trunkline.access.ApiToken;
import io.trunkline.access.Principal;
import java.util.Optional;
import java.util.regex.Pattern;

/** Names in a command line, checked before they go to the database. */
final class Names {
    private static final Pattern TOKEN_ID = Pattern.compile("[a-z0-9]{12}");

    private Names() {}

    static String principal(String name) {
        if (!Principal.isLegalName(name)) {
            throw new UsageException(
                    "The name of a principal has 1 to 255 characters, none of them a control character.");
        }
        return name;
    }

    static String role(String name) {
        if (!Principal.isLegalRole(name)) {
            throw new UsageException(
                    "The name of a role has 1 to 100 characters of a-z, A-Z, 0-9, '.', '_', ':' and '-', but not "
                            + name + ".");
        }
        return name;
    }

    /** The id of a token: as lists have it, or that of the token itself, which somebody may have found in a log. */
    static String tokenId(String text) {
        Optional<ApiToken> token = ApiToken.parse(text);
        if (token.isPresent()) {
            return token.get().id();
        }
        if (!TOKEN_ID.matcher(text).matches()) {
            throw new UsageException("The id of a token has 12 characters of a-z and 0-9: tl_<id>_<secret>.");
        }
        return text;
    }
}
