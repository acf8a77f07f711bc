package io.trunkline.embedded;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * As whom PostgreSQL runs. It refuses root, so root gives its programs a user namespace of their own, in which they are
 * nobody; where the kernel forbids that, as in most containers, they run as an unprivileged user, who is given the data
 * directory.
 */
final class ServerUser {
    private static final List<String> UNPRIVILEGED = List.of("postgres", "nobody");

    private final List<String> prefix;
    private final Optional<String> owner;

    private ServerUser(List<String> prefix, Optional<String> owner) {
        this.prefix = prefix;
        this.owner = owner;
    }

    /**
     * How PostgreSQL can be run here.
     *
     * @throws EmbeddedException as root, where neither way is open
     */
    static ServerUser find() throws IOException {
        if (new UnixSystem().getUid() != 0) {
            return new ServerUser(List.of(), Optional.empty());
        }
        if (isOtherUser(List.of("unshare", "-U"))) {
            return new ServerUser(List.of("unshare", "-U"), Optional.of("root"));
        }
        for (String user : UNPRIVILEGED) {
            for (List<String> drop : List.of(
                    List.of(
                            "setpriv",
                            "--reuid=" + user,
                            "--regid=" + groupOf(user),
                            "--clear-groups",
                            "--inh-caps=-all"),
                    List.of("runuser", "-u", user, "--"))) {
                if (isOtherUser(drop)) {
                    return new ServerUser(drop, Optional.of(user));
                }
            }
        }
        throw new EmbeddedException("PostgreSQL does not run as root, and no other user could be taken: neither a user"
                + " namespace (unshare) nor setpriv or runuser work here. Start Trunkline as another user, or set"
                + " trunkline.database.url.");
    }

    /** A command line that runs a program as this user. */
    List<String> command(List<String> program) {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(program);
        return command;
    }

    /** Gives a file or a tree to this user, where it belongs to another one. */
    void own(Path root) throws IOException {
        if (owner.isEmpty()) {
            return;
        }
        UserPrincipal user;
        try {
            user = root.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(owner.get());
        } catch (UserPrincipalNotFoundException e) {
            throw new EmbeddedException("There is no user " + owner.get() + " to run PostgreSQL as.", e);
        }
        if (Files.getOwner(root).equals(user)) {
            return;
        }
        try (Stream<Path> all = Files.walk(root)) {
            // The root last: a hand-over that was cut off is done again.
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.getFileAttributeView(path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                        .setOwner(user);
            }
        }
    }

    /**
     * Makes sure that this user gets to a directory.
     *
     * @throws EmbeddedException if one of its parents is closed to others
     */
    void checkReach(Path directory) throws IOException {
        if (Commands.run(command(List.of("test", "-x", directory.toString()))).status() != 0) {
            throw new EmbeddedException("PostgreSQL does not run as root and so runs as "
                    + owner.filter(o -> !o.equals("root")).orElse("nobody") + ", who cannot reach " + directory
                    + ": one of its parents is closed to others. Set trunkline.embedded.data-directory (environment:"
                    + " TRUNKLINE_EMBEDDED_DATA_DIRECTORY) to another place, such as below /var/lib.");
        }
    }

    private static boolean isOtherUser(List<String> prefix) {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of("id", "-un"));
        try {
            Commands.Result result = Commands.run(command);
            return result.status() == 0 && !result.output().strip().equals("root");
        } catch (IOException e) {
            return false; // the program is not there
        }
    }

    private static String groupOf(String user) throws IOException {
        Commands.Result result = Commands.run(List.of("id", "-g", user));
        return result.status() == 0 ? result.output().strip() : user;
    }
}
