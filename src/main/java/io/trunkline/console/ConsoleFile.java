package io.trunkline.console;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * One file as browsers get it. Its arrays are never changed.
 *
 * @param mediaType of the content
 * @param plain the content
 * @param compressed the content by gzip, which may be larger than it was
 * @param hash names the content, in hexadecimal digits
 */
record ConsoleFile(String mediaType, byte[] plain, byte[] compressed, String hash) {
    private static final int HASH_BYTES = 12;
    private static final Map<String, String> MEDIA_TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "svg", "image/svg+xml");

    /** The file of a name, whose ending tells its type. */
    static ConsoleFile of(String name, byte[] content) {
        String mediaType = MEDIA_TYPES.get(name.substring(name.lastIndexOf('.') + 1));
        if (mediaType == null) {
            throw new IllegalStateException("The console has a file of a type that no browser is told: " + name);
        }
        return new ConsoleFile(mediaType, content, gzip(content), hash(sha256(), content));
    }

    /** Whether the compressed form is worth it. */
    boolean isSmallerCompressed() {
        return compressed.length < plain.length;
    }

    static String hash(MessageDigest digest, byte[] content) {
        return HexFormat.of().formatHex(digest.digest(content), 0, HASH_BYTES);
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static byte[] gzip(byte[] content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes) {
            {
                def.setLevel(Deflater.BEST_COMPRESSION);
            }
        }) {
            gzip.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
