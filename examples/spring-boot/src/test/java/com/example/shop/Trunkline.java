package com.example.shop;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;

/** The packaged Trunkline with access control and its own PostgreSQL, in a directory of its own. */
final class Trunkline implements AutoCloseable {
    private static final Path APPLICATION = Path.of(System.getProperty("trunkline.application"));
    private static final String ACCESS = """
            rules:
              - principal: shop
                rights: read
                topics: orders
            """;

    private final Path directory;
    private final Path data;
    private final Map<String, String> environment = new HashMap<>();
    private final int port = Program.freePort();
    private final int databasePort = Program.freePort();
    private Program program;

    /** Starts it on an empty directory. */
    Trunkline(Path directory) throws IOException {
        this.directory = directory;
        data = directory.resolve("trunkline-data");
        Path access = Files.writeString(directory.resolve("access.yaml"), ACCESS);
        environment.put("TRUNKLINE_EMBEDDED_DATA_DIRECTORY", data.toString());
        environment.put("TRUNKLINE_EMBEDDED_PORT", Integer.toString(databasePort));
        environment.put("TRUNKLINE_ACCESS_MODE", "required");
        environment.put("TRUNKLINE_ACCESS_FILE", access.toString());
        environment.put("QUARKUS_HTTP_PORT", Integer.toString(port));
        environment.put("QUARKUS_MANAGEMENT_PORT", "0");
        start();
    }

    /** Starts it again. */
    void start() {
        program = Program.start(directory, APPLICATION, environment);
        program.awaitOutput("Trunkline is ready");
    }

    /** Ends it as a crash would. Its PostgreSQL goes on, as one on another machine would. */
    void kill() {
        program.kill();
    }

    String url() {
        return "http://127.0.0.1:" + port;
    }

    String databaseUrl() {
        return "jdbc:postgresql://127.0.0.1:" + databasePort + "/trunkline";
    }

    /** A token of a principal without roles. */
    String createToken(String principal) {
        String[] command = {"token", "create", "--principal", principal, "--expires", "1h"};
        try (Program create = Program.start(directory, APPLICATION, environment, command)) {
            return create.awaitSuccess()
                    .lines()
                    .filter(line -> line.startsWith("tl_"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Runs statements as the owner of the schema. */
    void execute(String statements) {
        try (Connection connection = owner();
                Statement statement = connection.createStatement()) {
            statement.execute(statements);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The number that a query as the owner of the schema returns. */
    long number(String query) {
        try (Connection connection = owner();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private Connection owner() throws SQLException {
        Properties passwords = new Properties();
        try (Reader reader = Files.newBufferedReader(data.resolve("credentials.properties"))) {
            passwords.load(reader);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return DriverManager.getConnection(databaseUrl(), "trunkline_owner", passwords.getProperty("owner"));
    }

    /** Stops it with its PostgreSQL, also one that it has left behind. */
    @Override
    public void close() {
        program.close();
        try (Stream<Path> children = Files.list(data)) {
            for (Path pid : children.map(child -> child.resolve("postmaster.pid"))
                    .filter(Files::exists)
                    .toList()) {
                List<String> lines = Files.readAllLines(pid);
                ProcessHandle.of(Long.parseLong(lines.getFirst().strip())).ifPresent(server -> {
                    server.destroyForcibly();
                    server.onExit().join();
                });
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
