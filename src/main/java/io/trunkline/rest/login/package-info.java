/** Logins of people at an OpenID provider: the authorization code flow (OpenID Connect Core 1.0, RFC 6749) with PKCE (RFC 7636). */
@NullMarked
package io.trunkline.rest.login;

import org.jspecify.annotations.NullMarked;
