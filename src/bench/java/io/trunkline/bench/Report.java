package io.trunkline.bench;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;

/** Everything that was measured, and on what. */
record Report(
        Machine machine,
        String date,
        Map<String, String> postgres,
        Map<String, Object> settings,
        Map<String, String> scenarios,
        List<Summary> summaries,
        List<Run> runs) {
    /** What it ran on. */
    record Machine(int cores, long memoryBytes, String os, String arch, String java) {
        static Machine here() {
            return new Machine(
                    Runtime.getRuntime().availableProcessors(),
                    Postgres.machineMemory(),
                    System.getProperty("os.name") + " " + System.getProperty("os.version"),
                    System.getProperty("os.arch"),
                    System.getProperty("java.vendor") + " " + System.getProperty("java.runtime.version"));
        }
    }

    static Report of(Settings settings, Map<String, String> postgres, Map<String, String> scenarios, List<Run> runs) {
        return new Report(
                Machine.here(),
                Clock.systemUTC().instant().toString(),
                postgres,
                Map.of(
                        "measuredSeconds", settings.measured().toSeconds(),
                        "warmupSeconds", settings.warmup().toSeconds(),
                        "rounds", settings.rounds(),
                        "backlog", settings.backlog(),
                        "fetchRecords", settings.fetchRecords(),
                        "pollRecords", settings.pollRecords(),
                        "consumers", settings.consumers(),
                        "idleSeconds", settings.idle().toSeconds(),
                        "partitions", settings.partitions(),
                        "openTransactionSeconds", settings.openTransaction().toSeconds()),
                scenarios,
                Summary.of(runs),
                runs);
    }

    void writeJson(Path file) throws IOException {
        JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build().writeValue(file.toFile(), this);
    }
}
