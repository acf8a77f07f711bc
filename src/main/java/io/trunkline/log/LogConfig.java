package io.trunkline.log;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;

/** How much the log takes on at once. */
@ConfigMapping(prefix = "trunkline.log")
public interface LogConfig {
    /** Writing. */
    Append append();

    /** Reading. */
    Fetch fetch();

    /** The tables that the log is cut into by time. */
    Slices slices();

    /** What Prometheus is told of topics and partitions. */
    Metrics metrics();

    /** Writing. */
    interface Append {
        /** Appends that run at once, each on a connection of its own. One partition never has more than one. */
        @WithDefault("8")
        @Min(1)
        @Max(256)
        int threads();

        /** Records that wait for one partition are appended together up to this many bytes, at most 64M. */
        @WithDefault("1M")
        MemorySize maxBatchBytes();

        /** Records that wait for one partition are appended together up to this many. */
        @WithDefault("10000")
        @Min(1)
        @Max(100_000)
        int maxBatchRecords();

        /** Bytes that may wait for one partition before further requests are refused with 503. */
        @WithDefault("16M")
        MemorySize maxQueuedBytesPerPartition();

        /** Bytes that may wait for all partitions together before further requests are refused with 503. */
        @WithDefault("64M")
        MemorySize maxQueuedBytes();
    }

    /** Reading. */
    interface Fetch {
        /** Reads that run at once, each on a connection of its own. A long poll that waits holds none. */
        @WithDefault("8")
        @Min(1)
        @Max(256)
        int threads();

        /** Reads that may wait for a thread before further ones are refused with 503. */
        @WithDefault("20000")
        @Min(1)
        @Max(1_000_000)
        int maxQueued();

        /** The most bytes that one fetch may ask for. A single record that is larger is still given. */
        @WithDefault("16M")
        MemorySize maxBytes();

        /**
         * The bytes of records that one request with a filter, or one page of a stream with one, looks at before it responds with what
         * it has found: keys, values and headers, and 64 for each record and header. At least 64K.
         */
        @WithDefault("16M")
        MemorySize filterBytes();

        /** The longest that a fetch may wait for records. */
        @WithDefault("5m")
        Duration maxWait();

        /** Fetches and streams that may wait for records at once before further ones are refused with 503. */
        @WithDefault("10000")
        @Min(1)
        @Max(1_000_000)
        int maxWaiting();

        /** Memory for the newest records of partitions that are read at the tail. */
        @WithDefault("32M")
        MemorySize cacheBytes();

        /**
         * Memory for records of the past that were read ahead for consumers who ask for few at a time, and as much again for the
         * next pages of those who take one large page after the other.
         */
        @WithDefault("8M")
        MemorySize readAheadBytes();

        /**
         * How often a replica checks the partitions that a client waits for, with one query for all, for records from other
         * replicas and from SQL. This bounds how late such records arrive. While there are some, the interval is an eighth
         * of it.
         */
        @WithDefault("25ms")
        Duration pollInterval();
    }

    /** What Prometheus is told of topics and partitions. */
    interface Metrics {
        /** How often sizes and offsets, and PostgreSQL's statistics, are looked up; the latter at least every 15s. At least 1s. */
        @WithDefault("1m")
        Duration interval();

        /** So many topics are told by name: the largest, and the first that were written or read. The others are told together. */
        @WithDefault("1000")
        @Min(1)
        @Max(1_000_000)
        int maxTopics();

        /** Offsets are told of each partition while there are no more than this many; beyond it, of topics only. */
        @WithDefault("1000")
        @Min(0)
        @Max(1_000_000)
        int maxPartitions();
    }

    /** The tables that the log is cut into by time. */
    interface Slices {
        /**
         * The time that one slice covers. Space is freed a slice at a time. The owner of the schema allows 1 minute to 7 days, and
         * can allow up to 31 days (the table {@code log_limit}).
         */
        @WithDefault("1d")
        Duration length();

        /** How often is looked whether slices have to be made. */
        @WithDefault("10m")
        Duration checkInterval();

        /** Slices that are kept ready ahead of time: for 31 days at most, unless the owner of the schema allows more. */
        @WithDefault("3")
        @Min(1)
        @Max(100)
        int ahead();
    }
}
