package io.trunkline.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Directories that tests write to. */
public final class TestDirectories {
    private TestDirectories() {}

    /**
     * A directory for what a test writes.
     *
     * @throws IllegalArgumentException if it is in the checkout and not in {@code target}
     */
    public static Path outsideTheCheckout(Path directory) {
        Path absolute = directory.toAbsolutePath().normalize();
        Path root = checkout();
        if (absolute.startsWith(root) && !absolute.startsWith(root.resolve("target"))) {
            throw new IllegalArgumentException(absolute + " is in the checkout: tests write elsewhere");
        }
        return directory;
    }

    /** The nearest directory above with a pom.xml. */
    private static Path checkout() {
        Path here = Path.of("").toAbsolutePath();
        for (Path above = here; above != null; above = above.getParent()) {
            if (Files.exists(above.resolve("pom.xml"))) {
                return above;
            }
        }
        return here;
    }

    /** Removes a tree. */
    public static void delete(Path root) {
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
