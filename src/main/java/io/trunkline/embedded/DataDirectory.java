package io.trunkline.embedded;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The directory that holds the data, the programs and the passwords of the embedded PostgreSQL. */
final class DataDirectory {
    static final String CREDENTIALS = "credentials.properties";
    /** How a server directory is called until it is whole, behind its name. */
    static final String DRAFT = ".new";

    private DataDirectory() {}

    /**
     * Makes the directory, or makes sure that it is one that can be used: an empty one or Trunkline's own, in which nobody
     * else can put programs for us to run.
     */
    static void prepare(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            Files.createDirectories(directory);
            // Others may pass, as PostgreSQL does when it runs as another user, but not look.
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
            return;
        }
        boolean own = Files.exists(directory.resolve(DirectoryLock.FILE))
                || Files.exists(directory.resolve(CREDENTIALS))
                || !servers(directory).isEmpty();
        if (!own) {
            try (Stream<Path> children = Files.list(directory)) {
                if (children.anyMatch(child -> !child.endsWith("lost+found"))) {
                    throw new EmbeddedException(
                            "The data directory " + directory
                                    + " has other files in it: set trunkline.embedded.data-directory to a new or an empty one.");
                }
            }
        }
        int uid = (Integer) Files.getAttribute(directory, "unix:uid");
        if (uid != 0 && uid != new UnixSystem().getUid()) {
            throw new EmbeddedException("The data directory " + directory
                    + " belongs to another user, who could put programs into it: choose one of your own.");
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(directory);
        if (permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new EmbeddedException("The data directory " + directory
                    + " can be written by everybody: take that permission away (chmod o-w), or choose another one.");
        }
    }

    /** The server directories of any version in a data directory. */
    static List<Path> servers(Path directory) throws IOException {
        try (Stream<Path> children = Files.list(directory)) {
            return children.filter(child -> Files.exists(child.resolve("PG_VERSION")))
                    .filter(child -> !child.toString().endsWith(DRAFT))
                    .toList();
        }
    }
}
