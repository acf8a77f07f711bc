package io.trunkline.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Optional;

/**
 * An API token, {@code tl_<id>_<secret>}: 12 characters that name it and 43 that only its holder knows, 256 bits in base 62.
 * PostgreSQL holds the SHA-256 of its proof, which is the SHA-256 of the secret: the proof goes to PostgreSQL where an
 * administrator changes something, and opens nothing else.
 */
public final class ApiToken {
    /** What all tokens begin with, so that scanners for secrets find them. */
    public static final String PREFIX = "tl_";

    private static final String ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
    private static final String ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final int ID_LENGTH = 12;
    private static final int SECRET_LENGTH = 43;
    private static final int SECRET_AT = PREFIX.length() + ID_LENGTH + 1;
    private static final int LENGTH = SECRET_AT + SECRET_LENGTH;

    private final String text;

    private ApiToken(String text) {
        this.text = text;
    }

    /** A new token, of a cryptographic random number. */
    public static ApiToken random(SecureRandom random) {
        return new ApiToken(
                PREFIX + text(random, ID_ALPHABET, ID_LENGTH) + "_" + text(random, ALPHABET, SECRET_LENGTH));
    }

    private static String text(SecureRandom random, String alphabet, int length) {
        StringBuilder text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }

    /** The token in untrusted text; empty for what has not its form. */
    public static Optional<ApiToken> parse(String text) {
        if (text.length() != LENGTH || !text.startsWith(PREFIX) || text.charAt(SECRET_AT - 1) != '_') {
            return Optional.empty();
        }
        for (int i = PREFIX.length(); i < LENGTH; i++) {
            String alphabet = i < SECRET_AT - 1 ? ID_ALPHABET : ALPHABET;
            if (i != SECRET_AT - 1 && alphabet.indexOf(text.charAt(i)) < 0) {
                return Optional.empty();
            }
        }
        return Optional.of(new ApiToken(text));
    }

    /** Whether a text can be the id of a token. */
    static boolean isId(String text) {
        return text.length() == ID_LENGTH && text.chars().allMatch(c -> ID_ALPHABET.indexOf(c) >= 0);
    }

    /** What names the token in lists and logs. */
    public String id() {
        return text.substring(PREFIX.length(), SECRET_AT - 1);
    }

    /** What shows PostgreSQL that the caller has the token. */
    public byte[] proof() {
        return sha256(text.substring(SECRET_AT).getBytes(StandardCharsets.US_ASCII));
    }

    /** What PostgreSQL holds. */
    public byte[] secretHash() {
        return sha256(proof());
    }

    /** The token itself, to be shown to its holder once. */
    public String reveal() {
        return text;
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Without the secret, so that no log has it. */
    @Override
    public String toString() {
        return PREFIX + id() + "_...";
    }
}
