package io.trunkline.overview;

/**
 * An alert of {@code helm/trunkline/alerts/trunkline.yaml}, of those whose conditions a replica can judge by what it knows now. What
 * needs the past, or the metrics of all replicas, is left to Prometheus; and so is how long a condition has to hold.
 */
public enum Alert {
    DATABASE_AWAY("TrunklineDatabaseAway", Severity.CRITICAL, "PostgreSQL does not answer a replica of Trunkline."),
    NOT_WRITABLE("TrunklineNotWritable", Severity.CRITICAL, "PostgreSQL takes no records from a replica of Trunkline."),
    UNSAFE_SETTINGS(
            "TrunklineUnsafeSettings",
            Severity.CRITICAL,
            "PostgreSQL can lose records that Trunkline has acknowledged."),
    GROUP_WITHOUT_MEMBERS(
            "TrunklineGroupWithoutMembers",
            Severity.WARNING,
            "A consumer group has records to read and nobody who does."),
    PURGE_NOT_SUCCEEDING("TrunklinePurgeNotSucceeding", Severity.WARNING, "Expired records are not removed."),
    SLICES_RUNNING_OUT("TrunklineSlicesRunningOut", Severity.WARNING, "No slices are ready for the time to come."),
    OLD_TRANSACTION("TrunklineOldTransaction", Severity.WARNING, "A transaction has been open for long."),
    CONNECTIONS_NEARLY_USED(
            "TrunklineDatabaseConnectionsNearlyUsed", Severity.WARNING, "PostgreSQL has few connections left."),
    DISK_FILLING("TrunklineDiskFilling", Severity.CRITICAL, "The disk of PostgreSQL is filling.");

    /** Records that a group without members is behind. */
    static final long MOST_LAG = 1_000;
    /** Seconds since the last purge, and of the process without any. */
    static final long MOST_WITHOUT_PURGE = 1_800;

    static final int LEAST_SLICES = 1;
    /** Seconds. */
    static final long MOST_TRANSACTION = 3_600;
    /** Of those that the server takes. */
    static final double MOST_CONNECTIONS = 0.9;
    /** Of the disk. */
    static final double MOST_DISK = 0.85;

    private final String text;
    private final Severity severity;
    private final String summary;

    Alert(String text, Severity severity, String summary) {
        this.text = text;
        this.severity = severity;
        this.summary = summary;
    }

    /** How bad it is. */
    public enum Severity {
        WARNING,
        CRITICAL
    }

    /** The name that the alert has in Prometheus. */
    public String text() {
        return text;
    }

    public Severity severity() {
        return severity;
    }

    public String summary() {
        return summary;
    }
}
