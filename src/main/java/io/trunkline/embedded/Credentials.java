package io.trunkline.embedded;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Properties;

/** The passwords of the embedded PostgreSQL: random, made once, in a file that only its owner reads. */
record Credentials(String superuser, String owner, String application) {
    private static final int BYTES = 24;

    /**
     * Reads the file, or makes it.
     *
     * @param mayMake whether there is no server yet that has passwords
     */
    static Credentials in(Path file, boolean mayMake) throws IOException {
        Properties properties = new Properties();
        if (Files.exists(file)) {
            try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
                properties.load(reader);
            }
        } else if (!mayMake) {
            throw new EmbeddedException(
                    file + " is missing, and with it the passwords of the data beside it: restore it.");
        } else {
            SecureRandom random = new SecureRandom();
            for (String name : new String[] {"superuser", "owner", "application"}) {
                byte[] password = new byte[BYTES];
                random.nextBytes(password);
                properties.setProperty(name, HexFormat.of().formatHex(password));
            }
            Path draft = file.resolveSibling(file.getFileName() + ".new");
            Files.deleteIfExists(draft);
            Files.createFile(draft, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            try (Writer writer = Files.newBufferedWriter(draft, StandardCharsets.UTF_8)) {
                properties.store(
                        writer, "Passwords of the embedded PostgreSQL: postgres, trunkline_owner, trunkline_app");
            }
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        }
        return new Credentials(
                password(properties, "superuser", file),
                password(properties, "owner", file),
                password(properties, "application", file));
    }

    @Override
    public String toString() {
        return "Credentials[hidden]";
    }

    private static String password(Properties properties, String name, Path file) {
        String password = properties.getProperty(name);
        if (password == null || password.isEmpty()) {
            throw new EmbeddedException(file + " has no password '" + name + "': restore the file from a backup.");
        }
        return password;
    }
}
