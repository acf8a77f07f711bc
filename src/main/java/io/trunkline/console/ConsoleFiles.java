package io.trunkline.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The files of the console: those that {@code web/console.files} lists, and the libraries that they use. All are read from the
 * class path once, and no other file of it is ever served.
 */
final class ConsoleFiles {
    /** Where the files are that may be kept for ever; a version and a name follow. */
    static final String ASSETS = "/console/assets/";

    private static final String LIST = "/web/console.files";
    private static final String SOURCES = "/web/console/";
    private static final String INDEX = "index.html";
    /** Stands in {@value #INDEX} for the path of the other files. */
    private static final String PLACEHOLDER = "{{assets}}";

    /** All files together are no larger, so that nobody bundles something by mistake. */
    private static final int MOST_BYTES = 4 << 20;

    private static final String WEBJARS = "/META-INF/resources/webjars/";
    private static final String PREACT = WEBJARS + "preact/10.28.0/";
    private static final String UPLOT = WEBJARS + "uplot/1.6.30/";
    private static final List<Library> LIBRARIES = List.of(
            new Library("lib/preact.js", PREACT + "dist/preact.module.js", "", ""),
            // What a bundler would look up; browsers take paths only.
            new Library("lib/hooks.js", PREACT + "hooks/dist/hooks.module.js", "from\"preact\"", "from\"./preact.js\""),
            new Library("lib/htm.js", "/web/lib/htm.js", "", ""),
            new Library("lib/uplot.js", UPLOT + "dist/uPlot.esm.js", "", ""),
            new Library("lib/uplot.css", UPLOT + "dist/uPlot.min.css", "", ""));

    /**
     * A file of somebody else.
     *
     * @param name under which it is served
     * @param resource where it is in the class path
     * @param from what is replaced in it, which has to be there; nothing where it is empty
     * @param to by what that is replaced
     */
    private record Library(String name, String resource, String from, String to) {}

    private final Map<String, ConsoleFile> assets;
    private final ConsoleFile index;

    private ConsoleFiles(Map<String, ConsoleFile> assets, ConsoleFile index) {
        this.assets = Map.copyOf(assets);
        this.index = index;
    }

    /** Reads all files. Fails where one is missing, or is not what it has to be. */
    static ConsoleFiles load() {
        Map<String, byte[]> contents = new TreeMap<>();
        for (String name : text(read(LIST)).lines().toList()) {
            contents.put(name, read(SOURCES + name));
        }
        byte[] page = contents.remove(INDEX);
        if (page == null) {
            throw new IllegalStateException(LIST + " does not list " + INDEX);
        }
        for (Library library : LIBRARIES) {
            contents.put(library.name(), replaced(library));
        }
        int size =
                contents.values().stream().mapToInt(content -> content.length).sum();
        if (size > MOST_BYTES) {
            throw new IllegalStateException("The files of the console have " + size + " bytes.");
        }
        String path = ASSETS + version(contents);
        Map<String, ConsoleFile> assets = new TreeMap<>();
        contents.forEach((name, content) -> assets.put(path + "/" + name, ConsoleFile.of(name, content)));
        return new ConsoleFiles(assets, ConsoleFile.of(INDEX, bytes(text(page).replace(PLACEHOLDER, path))));
    }

    /** The page that all views have. */
    ConsoleFile index() {
        return index;
    }

    /** The file that has exactly this path; empty for none. */
    Optional<ConsoleFile> asset(String path) {
        return Optional.ofNullable(assets.get(path));
    }

    /** All files but the page, by their paths. */
    Map<String, ConsoleFile> assets() {
        return assets;
    }

    private static byte[] replaced(Library library) {
        byte[] content = read(library.resource());
        if (library.from().isEmpty()) {
            return content;
        }
        String before = text(content);
        String after = before.replace(library.from(), library.to());
        if (after.equals(before)) {
            throw new IllegalStateException(library.resource() + " has no " + library.from());
        }
        return bytes(after);
    }

    /** Names all contents: another version where one byte, or one name, is another. */
    private static String version(Map<String, byte[]> contents) {
        MessageDigest digest = ConsoleFile.sha256();
        contents.forEach((name, content) -> {
            digest.update(bytes(name + "\n" + content.length + "\n"));
            digest.update(content);
        });
        return ConsoleFile.hash(digest, new byte[0]);
    }

    private static byte[] read(String resource) {
        try (InputStream in = ConsoleFiles.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("The program lacks the file " + resource + " of the console.");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
