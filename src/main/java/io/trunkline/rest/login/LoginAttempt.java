package io.trunkline.rest.login;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A login that is under way in one browser, which keeps it in a cookie until the provider sends it back: any replica can finish what
 * another one has begun. Everything that binds the parts of the flow to each other is made from one secret, and none of it leads to
 * another.
 *
 * @param secret 256 random bits, in base64url
 * @param to where the browser goes afterwards: a path of the console
 */
public record LoginAttempt(String secret, String to) {
    /** Where somebody goes who does not say so. */
    public static final String HOME = "/console/";

    private static final int SECRET_BYTES = 32;
    private static final Pattern SECRET = Pattern.compile("[A-Za-z0-9_-]{43}");
    /**
     * A path of the console as browsers write them. There is no second slash at the beginning, no backslash, and no dot segment by
     * which it could become the address of somebody else.
     */
    private static final Pattern LOCAL = Pattern.compile("/console/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]{0,1000}");

    /** What is no part of a path, and what some readers take for a slash. */
    private static final Pattern ESCAPES = Pattern.compile("(?i)%(5c|[01][0-9a-f]|7f)");

    private static final Pattern DOT = Pattern.compile("(?i)%2e");
    private static final Pattern ODD_PATH = Pattern.compile("//|/\\.{1,2}(/|$)");

    public LoginAttempt {
        if (!SECRET.matcher(secret).matches() || !isLocal(to)) {
            throw new IllegalArgumentException("not a login");
        }
    }

    /** A new attempt. */
    public static LoginAttempt begin(SecureRandom random, String to) {
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        return new LoginAttempt(encoded(secret), to);
    }

    /** The attempt in a cookie, which is untrusted text; empty where it is none. */
    public static Optional<LoginAttempt> parse(String cookie) {
        int dot = cookie.indexOf('.');
        if (dot < 0) {
            return Optional.empty();
        }
        try {
            String to = new String(Base64.getUrlDecoder().decode(cookie.substring(dot + 1)), StandardCharsets.UTF_8);
            return Optional.of(new LoginAttempt(cookie.substring(0, dot), to));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Whether a text is a path below {@code /console/} of this service, whatever a browser makes of it. */
    public static boolean isLocal(String to) {
        int query = to.indexOf('?');
        String path = DOT.matcher(query < 0 ? to : to.substring(0, query)).replaceAll(".");
        return LOCAL.matcher(to).matches()
                && !ODD_PATH.matcher(path).find()
                && !ESCAPES.matcher(path).find();
    }

    /** The attempt as the value of a cookie. */
    public String cookie() {
        return secret + "." + encoded(to.getBytes(StandardCharsets.UTF_8));
    }

    /** Tells the provider's answer to this attempt from one to another. */
    public String state() {
        return derived("state");
    }

    /** What the token has to repeat that comes of this attempt. */
    public String nonce() {
        return derived("nonce");
    }

    /** What only this browser can show when the code is exchanged. */
    public String verifier() {
        return derived("verifier");
    }

    /** By what the provider knows the {@link #verifier}, with the method {@code S256}. */
    public String challenge() {
        return encoded(sha256(verifier()));
    }

    /** Whether the provider has answered this attempt; in a time that does not tell how much of the text is right. */
    public boolean isOf(String state) {
        return MessageDigest.isEqual(
                state().getBytes(StandardCharsets.US_ASCII), state.getBytes(StandardCharsets.UTF_8));
    }

    private String derived(String what) {
        return encoded(sha256(what + ":" + secret));
    }

    private static String encoded(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.US_ASCII));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Without the secret, so that no log has it. */
    @Override
    public String toString() {
        return "LoginAttempt";
    }
}
