package io.trunkline.jdbc;

import io.quarkus.runtime.configuration.ConfigurationException;
import java.util.Set;
import java.util.regex.Pattern;
import org.postgresql.Driver;

/** The JDBC URL of the database. It holds no credentials, so that no log, error or metric can show them. */
public record DatabaseUrl(String value) {
    private static final String PREFIX = "jdbc:postgresql:";
    private static final Set<String> CREDENTIALS = Set.of("user", "password");
    private static final String HOST = "(?:[^:/?,]*|\\[[0-9A-Fa-f:.%]+])(?::\\d{1,5})?";
    /** The driver would log a port that is no number. */
    private static final Pattern FORM =
            Pattern.compile("jdbc:postgresql:(?://" + HOST + "(?:," + HOST + ")*(?:[/?].*)?|(?!//).*)");

    /**
     * Reads a configured URL. No message repeats it: whatever is wrong with it, it may hold a password.
     *
     * @throws ConfigurationException if it is not the URL of a PostgreSQL, or holds a user or a password
     */
    public static DatabaseUrl parse(String text) {
        if (!text.startsWith(PREFIX)) {
            throw new ConfigurationException(
                    "trunkline.database.url must begin with jdbc:postgresql://, such as jdbc:postgresql://host:5432/name.");
        }
        if (holdsCredentials(text)) {
            throw new ConfigurationException("trunkline.database.url must not hold a user or a password: set"
                    + " trunkline.database.username and trunkline.database.password instead (environment:"
                    + " TRUNKLINE_DATABASE_USERNAME, TRUNKLINE_DATABASE_PASSWORD).");
        }
        if (!FORM.matcher(text).matches() || Driver.parseURL(text, null) == null) {
            throw new ConfigurationException("trunkline.database.url cannot be understood. It has the form"
                    + " jdbc:postgresql://host:5432/name?parameter=value&…");
        }
        return new DatabaseUrl(text);
    }

    /** {@code user:password@host}, which the driver does not know either, and the parameters of these names. */
    private static boolean holdsCredentials(String text) {
        int question = text.indexOf('?');
        if (question < 0) {
            return text.contains("@");
        }
        if (text.lastIndexOf('@', question) >= 0) {
            return true;
        }
        for (String parameter : text.substring(question + 1).split("&", -1)) {
            int equals = parameter.indexOf('=');
            String name = equals < 0 ? parameter : parameter.substring(0, equals);
            if (name.contains("@") || CREDENTIALS.contains(name)) {
                return true;
            }
        }
        return false;
    }

    /** The URL as it may be shown: its parameters can hold the password of a key. */
    public String shown() {
        int question = value.indexOf('?');
        return question < 0 ? value : value.substring(0, question);
    }

    /** A message of the driver, with the URL in it as it may be shown. */
    public String shownIn(String message) {
        return message.replace(value, shown());
    }

    @Override
    public String toString() {
        return shown();
    }
}
