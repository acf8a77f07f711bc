package io.trunkline.embedded;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/** The PostgreSQL programs: an archive on the class path, unpacked once into the data directory. */
final class Binaries {
    private static final String COMPLETE = "complete";

    private final Path directory;

    private Binaries(Path directory) {
        this.directory = directory;
    }

    /**
     * Unpacks the programs, unless this very archive has been unpacked there before.
     *
     * @throws EmbeddedException if there is no archive for this machine
     */
    static Binaries unpackInto(Path parent) throws IOException {
        URL archive = archive();
        String digest = digest(archive);
        Path directory = parent.resolve("postgresql-programs-" + digest.substring(0, 12));
        if (!Files.exists(directory.resolve(COMPLETE))) {
            deleteTree(directory);
            unpack(archive, directory);
            Files.createFile(directory.resolve(COMPLETE));
        }
        return new Binaries(directory);
    }

    String program(String name) {
        return directory.resolve("bin").resolve(name).toString();
    }

    /** The major version, such as 18, as the programs themselves say. */
    String majorVersion(ServerUser user) throws IOException {
        // "postgres (PostgreSQL) 18.4"
        Commands.Result result = Commands.run(user.command(List.of(program("postgres"), "--version")));
        String version = result.output().strip().replaceFirst(".*\\) ", "");
        int dot = version.indexOf('.');
        if (result.status() != 0 || dot < 0) {
            throw new EmbeddedException("The embedded PostgreSQL does not run on this machine: "
                    + result.output().strip());
        }
        return version.substring(0, dot);
    }

    private static URL archive() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac") ? "darwin" : "linux";
        String arch = switch (System.getProperty("os.arch")) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "arm_64";
            case String other -> other;
        };
        String name = "postgres-" + os + "-" + arch + ".txz";
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        URL found = loader == null ? null : loader.getResource(name);
        if (found == null) {
            found = Binaries.class.getClassLoader().getResource(name);
        }
        if (found == null) {
            throw new EmbeddedException("There is no database: trunkline.database.url is not set, and this build has no"
                    + " embedded PostgreSQL for " + os + " on " + arch + ". Set trunkline.database.url, .username and"
                    + " .password (environment: TRUNKLINE_DATABASE_URL and so on).");
        }
        return found;
    }

    private static String digest(URL archive) throws IOException {
        try (DigestInputStream in = new DigestInputStream(
                new BufferedInputStream(archive.openStream()), MessageDigest.getInstance("SHA-256"))) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void unpack(URL archive, Path directory) throws IOException {
        Files.createDirectories(directory);
        try (InputStream raw = archive.openStream();
                TarArchiveInputStream tar = new TarArchiveInputStream(
                        new XZInputStream(new BufferedInputStream(raw)), StandardCharsets.UTF_8.name())) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                Path target = directory.resolve(entry.getName()).normalize();
                if (!target.startsWith(directory)) {
                    throw new IOException("archive entry outside of its directory: " + entry.getName());
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(target);
                    continue;
                }
                Files.createDirectories(target.getParent() == null ? directory : target.getParent());
                if (entry.isSymbolicLink()) {
                    Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
                } else if (entry.isLink()) {
                    Files.copy(directory.resolve(entry.getLinkName()).normalize(), target);
                } else {
                    Files.copy(tar, target, StandardCopyOption.REPLACE_EXISTING);
                    boolean program = (entry.getMode() & 0100) != 0
                            || directory.relativize(target).startsWith("bin");
                    Files.setPosixFilePermissions(
                            target, PosixFilePermissions.fromString(program ? "rwxr-xr-x" : "rw-r--r--"));
                }
            }
        }
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.filter(Files::isDirectory).toList()) {
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
        }
    }

    /** Removes the programs of other versions, which no server runs any more. */
    void deleteOthers() throws IOException {
        Path keep = directory;
        try (Stream<Path> siblings = Files.list(directory.resolveSibling("."))) {
            for (Path sibling : siblings.map(Path::normalize).toList()) {
                boolean programs = sibling.getFileName().toString().startsWith("postgresql-programs-");
                if (programs && !sibling.equals(keep)) {
                    deleteTree(sibling);
                }
            }
        }
    }

    static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
