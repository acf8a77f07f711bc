-- The log: topics, partitions, slices and record batches.
-- Every function names its tables in full and fixes its search path, because it runs with the owner's rights.

CREATE TABLE trunkline.topic (
    topic_id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name            text COLLATE "C" NOT NULL UNIQUE
                    CHECK (name ~ '^[a-zA-Z0-9._-]{1,249}$' AND name NOT IN ('.', '..')),
    partition_count int NOT NULL CHECK (partition_count BETWEEN 1 AND 10000),
    config          jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(config) = 'object'),
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE trunkline.topic IS
    'One row a topic. Inserting one creates its partitions, raising partition_count adds partitions, deleting one retires them.';
COMMENT ON COLUMN trunkline.topic.config IS
    'Overrides of the topic configuration, Kafka''s names to text values; what is absent has its default.';

CREATE TABLE trunkline.slice (
    slice     int PRIMARY KEY CHECK (slice >= 1),
    starts_at timestamptz NOT NULL UNIQUE
);
COMMENT ON TABLE trunkline.slice IS
    'Time slices of the log, each a table of its own (log_batch_<slice>) that can be freed at once. An append goes to the newest slice that has started.';

CREATE TABLE trunkline.partition_head (
    tp_id            int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic_id         uuid NOT NULL REFERENCES trunkline.topic,
    partition        int NOT NULL CHECK (partition >= 0),
    log_start_offset bigint NOT NULL DEFAULT 0 CHECK (log_start_offset >= 0),
    slice            int NOT NULL,
    UNIQUE (topic_id, partition)
) WITH (fillfactor = 50);
COMMENT ON TABLE trunkline.partition_head IS
    'One row a partition. Appends lock it, and so get their offsets in commit order; they write it only when the slice changes.';
COMMENT ON COLUMN trunkline.partition_head.tp_id IS 'Names the partition in the log. Never used again, not even for a topic of the same name.';
COMMENT ON COLUMN trunkline.partition_head.log_start_offset IS 'The first offset that can be read. It only moves forward.';
COMMENT ON COLUMN trunkline.partition_head.slice IS 'The slice of the last append; the next one goes to this or a later slice.';

CREATE TABLE trunkline.retired_partition (
    tp_id      int PRIMARY KEY,
    topic_id   uuid NOT NULL,
    retired_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE trunkline.retired_partition IS
    'Partitions of deleted topics: nobody can reach their records, whose space is still to be freed.';

CREATE TABLE trunkline.partition_slice (
    tp_id       int NOT NULL,
    slice       int NOT NULL,
    base_offset bigint NOT NULL,
    PRIMARY KEY (tp_id, slice)
);
COMMENT ON TABLE trunkline.partition_slice IS
    'In which slice an offset lives: that with the greatest base_offset that is not above it.';

CREATE TABLE trunkline.log_batch (
    slice                 int NOT NULL,
    tp_id                 int NOT NULL,
    last_offset           bigint NOT NULL,
    base_offset           bigint NOT NULL CHECK (base_offset >= 0),
    max_timestamp         bigint NOT NULL,
    running_max_timestamp bigint NOT NULL,
    appended_at           timestamptz NOT NULL,
    record_count          int NOT NULL CHECK (record_count = last_offset - base_offset + 1),
    byte_size             int NOT NULL,
    timestamps            bigint[] NOT NULL,
    keys                  bytea[],
    values                bytea[] NOT NULL,
    header_counts         int[],
    header_keys           text[],
    header_values         bytea[],
    producer_id           bigint,
    producer_epoch        smallint,
    base_sequence         int,
    PRIMARY KEY (slice, tp_id, last_offset)
) PARTITION BY LIST (slice);
COMMENT ON TABLE trunkline.log_batch IS
    'The records, one row an append, columnar: element i of each array belongs to offset base_offset + i - 1. Rows are inserted by append() only and never change.';
COMMENT ON COLUMN trunkline.log_batch.running_max_timestamp IS
    'The largest timestamp of the partition up to this batch: it never falls, so that a time can be found by bisection.';
COMMENT ON COLUMN trunkline.log_batch.byte_size IS 'Size of the arrays in memory, uncompressed, in bytes.';
COMMENT ON COLUMN trunkline.log_batch.timestamps IS 'Milliseconds since the epoch.';
COMMENT ON COLUMN trunkline.log_batch.keys IS 'NULL when no record of the batch has a key.';
COMMENT ON COLUMN trunkline.log_batch.header_counts IS
    'How many headers each record has, which lie one after the other in header_keys and header_values. NULL when no record has one.';
COMMENT ON COLUMN trunkline.log_batch.producer_id IS 'For idempotent producers; not used yet, as the two columns after it.';

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
        ALTER TABLE trunkline.log_batch
            ALTER COLUMN timestamps SET COMPRESSION lz4,
            ALTER COLUMN keys SET COMPRESSION lz4,
            ALTER COLUMN values SET COMPRESSION lz4,
            ALTER COLUMN header_counts SET COMPRESSION lz4,
            ALTER COLUMN header_keys SET COMPRESSION lz4,
            ALTER COLUMN header_values SET COMPRESSION lz4;
    END IF;
END
$$;

CREATE FUNCTION trunkline.prepare_slices(p_length interval, p_ahead int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
DECLARE
    v_slice  int;
    v_start  timestamptz;
    v_made   int := 0;
BEGIN
    IF (p_length BETWEEN interval '1 minute' AND interval '31 days'
        AND p_ahead BETWEEN 1 AND 100
        AND p_ahead * p_length <= interval '100 days') IS NOT TRUE THEN
        RAISE EXCEPTION 'slices are 1 minute to 31 days long, and 1 to 100 of them, for at most 100 days, are made ahead'
            USING ERRCODE = 'TL400';
    END IF;
    -- One caller at a time; appends only read this table and are not held up.
    LOCK TABLE trunkline.slice IN SHARE ROW EXCLUSIVE MODE;
    SELECT s.slice, s.starts_at INTO v_slice, v_start FROM trunkline.slice s ORDER BY s.slice DESC LIMIT 1;
    v_slice := coalesce(v_slice, 0);
    v_start := greatest(v_start + p_length, date_bin(p_length, clock_timestamp(), timestamptz '2000-01-01 00:00:00+00'));
    WHILE v_start <= clock_timestamp() + p_ahead * p_length LOOP
        v_slice := v_slice + 1;
        EXECUTE format('CREATE TABLE trunkline.log_batch_%s (LIKE trunkline.log_batch INCLUDING ALL)', v_slice);
        -- ATTACH lets appends and reads of the other slices go on, PARTITION OF would not.
        EXECUTE format('ALTER TABLE trunkline.log_batch ATTACH PARTITION trunkline.log_batch_%s FOR VALUES IN (%s)', v_slice, v_slice);
        INSERT INTO trunkline.slice (slice, starts_at) VALUES (v_slice, v_start);
        v_start := v_start + p_length;
        v_made := v_made + 1;
    END LOOP;
    RETURN v_made;
END
$$;
COMMENT ON FUNCTION trunkline.prepare_slices IS
    'Makes the slices that are missing from now to p_ahead lengths from now; answers how many it made.';

SELECT trunkline.prepare_slices(interval '1 day', 2);

CREATE FUNCTION trunkline.add_partitions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_have int := 0;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.topic_id <> OLD.topic_id OR NEW.name <> OLD.name THEN
            RAISE EXCEPTION 'a topic cannot be renamed' USING ERRCODE = 'TL400';
        END IF;
        IF NEW.partition_count < OLD.partition_count THEN
            RAISE EXCEPTION 'topic % has % partitions, which cannot become fewer', OLD.name, OLD.partition_count
                USING ERRCODE = 'TL422';
        END IF;
        v_have := OLD.partition_count;
    END IF;
    INSERT INTO trunkline.partition_head (topic_id, partition, slice)
    SELECT NEW.topic_id,
           p.partition,
           (SELECT s.slice FROM trunkline.slice s WHERE s.starts_at <= clock_timestamp() ORDER BY s.starts_at DESC LIMIT 1)
      FROM generate_series(v_have, NEW.partition_count - 1) AS p (partition);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION trunkline.add_partitions IS 'Gives a topic as many partitions as its row says.';

CREATE FUNCTION trunkline.retire_partitions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    WITH gone AS (
        DELETE FROM trunkline.partition_head h WHERE h.topic_id = OLD.topic_id RETURNING h.tp_id
    )
    INSERT INTO trunkline.retired_partition (tp_id, topic_id)
    SELECT gone.tp_id, OLD.topic_id FROM gone;
    RETURN OLD;
END
$$;
COMMENT ON FUNCTION trunkline.retire_partitions IS 'Takes the heads of a deleted topic away: nothing can be appended or read any more.';

CREATE TRIGGER topic_add_partitions AFTER INSERT OR UPDATE ON trunkline.topic
    FOR EACH ROW EXECUTE FUNCTION trunkline.add_partitions();
CREATE TRIGGER topic_retire_partitions BEFORE DELETE ON trunkline.topic
    FOR EACH ROW EXECUTE FUNCTION trunkline.retire_partitions();

-- A plan for the given slice touches that slice's table only; a generic one would lock the tables of all of them.
CREATE FUNCTION trunkline.append(
    p_tp_id         int,
    p_timestamps    bigint[],
    p_keys          bytea[],
    p_values        bytea[],
    p_header_counts int[],
    p_header_keys   text[],
    p_header_values bytea[]
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    v_count       int := cardinality(p_values);
    v_now         timestamptz;
    v_timestamps  bigint[] := p_timestamps;
    v_max         bigint;
    v_head_slice  int;
    v_log_start   bigint;
    v_slice       int;
    v_tail        bigint;
    v_running_max bigint;
    v_base        bigint;
BEGIN
    -- The tail is read in a statement after the lock: under another isolation level that would be an old snapshot.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append needs the isolation level read committed' USING ERRCODE = 'TL400';
    END IF;
    IF v_count IS NULL OR v_count < 1 OR array_ndims(p_values) <> 1 OR array_lower(p_values, 1) <> 1 THEN
        RAISE EXCEPTION 'values must hold one element a record, and at least one' USING ERRCODE = 'TL400';
    END IF;
    IF p_keys IS NOT NULL AND (cardinality(p_keys) <> v_count OR array_ndims(p_keys) <> 1 OR array_lower(p_keys, 1) <> 1) THEN
        RAISE EXCEPTION 'keys must be null or hold one element a record' USING ERRCODE = 'TL400';
    END IF;
    IF v_timestamps IS NOT NULL THEN
        IF cardinality(v_timestamps) <> v_count OR array_ndims(v_timestamps) <> 1 OR array_lower(v_timestamps, 1) <> 1
           OR array_position(v_timestamps, NULL) IS NOT NULL THEN
            RAISE EXCEPTION 'timestamps must be null or hold one element a record' USING ERRCODE = 'TL400';
        END IF;
        SELECT max(t) INTO v_max FROM unnest(v_timestamps) AS t HAVING min(t) >= 0 AND max(t) <= 253402300799999;
        IF v_max IS NULL THEN
            RAISE EXCEPTION 'timestamps are milliseconds from 1970 to 9999' USING ERRCODE = 'TL400';
        END IF;
    END IF;
    -- A batch whose arrays do not fit could never be read, and never be changed: each test must be true, not just not false.
    IF num_nulls(p_header_counts, p_header_keys, p_header_values) NOT IN (0, 3) THEN
        RAISE EXCEPTION 'header counts, keys and values come together' USING ERRCODE = 'TL400';
    END IF;
    IF p_header_counts IS NOT NULL AND (
        cardinality(p_header_counts) = v_count
        AND array_ndims(p_header_counts) = 1
        AND array_lower(p_header_counts, 1) = 1
        AND array_position(p_header_counts, NULL) IS NULL
        AND 0 <= ALL (p_header_counts)
        AND cardinality(p_header_keys) = (SELECT sum(c) FROM unnest(p_header_counts) AS c)
        AND cardinality(p_header_values) = cardinality(p_header_keys)
        AND coalesce(array_ndims(p_header_keys), 1) = 1
        AND coalesce(array_lower(p_header_keys, 1), 1) = 1
        AND array_position(p_header_keys, NULL) IS NULL
        AND coalesce(array_ndims(p_header_values), 1) = 1
        AND coalesce(array_lower(p_header_values, 1), 1) = 1
    ) IS NOT TRUE THEN
        RAISE EXCEPTION 'header counts, keys and values must fit one another' USING ERRCODE = 'TL400';
    END IF;
    IF pg_column_size(p_values)::bigint + coalesce(pg_column_size(p_keys), 0) + coalesce(pg_column_size(p_header_values), 0)
       > 536870912 THEN
        RAISE EXCEPTION 'a batch is at most 512 MiB' USING ERRCODE = 'TL400';
    END IF;

    SELECT h.slice,
           h.log_start_offset,
           (SELECT s.slice FROM trunkline.slice s WHERE s.starts_at <= clock_timestamp() ORDER BY s.starts_at DESC LIMIT 1)
      INTO v_head_slice, v_log_start, v_slice
      FROM trunkline.partition_head h
     WHERE h.tp_id = p_tp_id
       FOR NO KEY UPDATE OF h;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'partition % does not exist', p_tp_id USING ERRCODE = 'TL404';
    END IF;
    v_slice := greatest(v_slice, v_head_slice);
    -- The time is taken under the lock, so that it follows the offsets.
    v_now := clock_timestamp();
    IF v_timestamps IS NULL THEN
        v_max := floor(extract(epoch FROM v_now) * 1000)::bigint;
        v_timestamps := array_fill(v_max, ARRAY[v_count]);
    END IF;

    SELECT b.last_offset, b.running_max_timestamp
      INTO v_tail, v_running_max
      FROM trunkline.log_batch b
     WHERE b.slice = v_head_slice AND b.tp_id = p_tp_id
     ORDER BY b.last_offset DESC
     LIMIT 1;
    v_base := greatest(v_log_start, v_tail + 1);

    IF v_tail IS NULL OR v_slice <> v_head_slice THEN
        INSERT INTO trunkline.partition_slice (tp_id, slice, base_offset)
        VALUES (p_tp_id, v_slice, v_base)
        ON CONFLICT (tp_id, slice) DO NOTHING;
        IF v_slice <> v_head_slice THEN
            UPDATE trunkline.partition_head h SET slice = v_slice WHERE h.tp_id = p_tp_id;
        END IF;
    END IF;

    INSERT INTO trunkline.log_batch
        (slice, tp_id, last_offset, base_offset, max_timestamp, running_max_timestamp, appended_at, record_count, byte_size,
         timestamps, keys, values, header_counts, header_keys, header_values)
    VALUES
        (v_slice, p_tp_id, v_base + v_count - 1, v_base, v_max, greatest(v_max, v_running_max), v_now, v_count,
         pg_column_size(v_timestamps) + coalesce(pg_column_size(p_keys), 0) + pg_column_size(p_values)
             + coalesce(pg_column_size(p_header_keys) + pg_column_size(p_header_values), 0),
         v_timestamps, p_keys, p_values, p_header_counts, p_header_keys, p_header_values);
    RETURN v_base;
END
$$;
COMMENT ON FUNCTION trunkline.append IS
    'Appends records to a partition and answers the offset of the first. Holds the partition''s lock to the end of the transaction, so that offsets follow commits. Null timestamps mean the time of the append. TL404: no such partition.';

CREATE FUNCTION trunkline.murmur2(p_data bytea) RETURNS int
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c_mask  CONSTANT bigint := 4294967295;
    c_m     CONSTANT bigint := 1540483477;
    v_len   int := octet_length(p_data);
    v_whole int := v_len / 4;
    v_h     bigint := (2538058380 # v_len::bigint) & c_mask;
    v_k     bigint;
    v_i     int;
    v_tail  int := v_whole * 4;
BEGIN
    FOR v_i IN 0 .. v_whole - 1 LOOP
        v_k := get_byte(p_data, v_i * 4)::bigint
             | (get_byte(p_data, v_i * 4 + 1)::bigint << 8)
             | (get_byte(p_data, v_i * 4 + 2)::bigint << 16)
             | (get_byte(p_data, v_i * 4 + 3)::bigint << 24);
        v_k := (v_k * c_m) & c_mask;
        v_k := v_k # (v_k >> 24);
        v_k := (v_k * c_m) & c_mask;
        v_h := (v_h * c_m) & c_mask;
        v_h := v_h # v_k;
    END LOOP;
    IF v_len % 4 > 0 THEN
        IF v_len % 4 = 3 THEN
            v_h := v_h # (get_byte(p_data, v_tail + 2)::bigint << 16);
        END IF;
        IF v_len % 4 >= 2 THEN
            v_h := v_h # (get_byte(p_data, v_tail + 1)::bigint << 8);
        END IF;
        v_h := v_h # get_byte(p_data, v_tail)::bigint;
        v_h := (v_h * c_m) & c_mask;
    END IF;
    v_h := v_h # (v_h >> 13);
    v_h := (v_h * c_m) & c_mask;
    v_h := v_h # (v_h >> 15);
    RETURN (v_h & 2147483647)::int;
END
$$;
COMMENT ON FUNCTION trunkline.murmur2 IS
    'The hash by which Kafka''s clients choose a key''s partition (32 bits, seed 0x9747b28c), without its sign bit.';

CREATE FUNCTION trunkline.produce(
    p_topic   text,
    p_key     bytea,
    p_value   bytea,
    p_headers jsonb DEFAULT NULL,
    OUT "partition" int,
    OUT "offset"    bigint
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_topic         trunkline.topic;
    v_tp_id         int;
    v_timestamps    bigint[];
    v_header_counts int[];
    v_header_keys   text[];
    v_header_values bytea[];
    v_size          bigint;
    v_max           bigint;
BEGIN
    SELECT t.* INTO v_topic FROM trunkline.topic t WHERE t.name = p_topic;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'topic % does not exist', p_topic USING ERRCODE = 'TL404';
    END IF;
    IF p_headers IS NOT NULL AND jsonb_typeof(p_headers) <> 'array' THEN
        RAISE EXCEPTION 'headers must be an array of {"key": text, "value": base64 or null}' USING ERRCODE = 'TL400';
    END IF;
    IF jsonb_array_length(p_headers) > 0 THEN
        IF EXISTS (SELECT FROM jsonb_array_elements(p_headers) AS h
                    WHERE jsonb_typeof(h) <> 'object'
                       OR jsonb_typeof(h -> 'key') IS DISTINCT FROM 'string'
                       OR jsonb_typeof(h -> 'value') NOT IN ('string', 'null')) THEN
            RAISE EXCEPTION 'headers must be an array of {"key": text, "value": base64 or null}' USING ERRCODE = 'TL400';
        END IF;
        SELECT array_agg(h.e ->> 'key' ORDER BY h.i), array_agg(decode(h.e ->> 'value', 'base64') ORDER BY h.i)
          INTO v_header_keys, v_header_values
          FROM jsonb_array_elements(p_headers) WITH ORDINALITY AS h (e, i);
        v_header_counts := ARRAY[cardinality(v_header_keys)];
    END IF;
    v_size := coalesce(octet_length(p_key), 0) + coalesce(octet_length(p_value), 0)
            + coalesce((SELECT sum(octet_length(k) + coalesce(octet_length(v), 0)) FROM unnest(v_header_keys, v_header_values) AS h (k, v)), 0);
    v_max := coalesce((v_topic.config ->> 'max.message.bytes')::bigint, 1048588);
    IF v_size > v_max THEN
        RAISE EXCEPTION 'the record has % bytes, topic % takes at most % (max.message.bytes)', v_size, p_topic, v_max
            USING ERRCODE = 'TL413';
    END IF;
    "partition" := CASE
        WHEN p_key IS NULL THEN floor(random() * v_topic.partition_count)::int
        ELSE trunkline.murmur2(p_key) % v_topic.partition_count
    END;
    SELECT h.tp_id INTO v_tp_id
      FROM trunkline.partition_head h
     WHERE h.topic_id = v_topic.topic_id AND h.partition = produce."partition";
    IF v_topic.config ->> 'message.timestamp.type' IS DISTINCT FROM 'LogAppendTime' THEN
        v_timestamps := ARRAY[floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint];
    END IF;
    "offset" := trunkline.append(
        v_tp_id, v_timestamps, CASE WHEN p_key IS NOT NULL THEN ARRAY[p_key] END, ARRAY[p_value],
        v_header_counts, v_header_keys, v_header_values);
END
$$;
COMMENT ON FUNCTION trunkline.produce(text, bytea, bytea, jsonb) IS
    'Publishes one record inside the caller''s transaction: it is seen when that commits, and producers of the partition wait until then. Headers as over HTTP: [{"key": "name", "value": "<base64>"}].';

CREATE FUNCTION trunkline.produce(
    p_topic   text,
    p_key     text,
    p_value   text,
    p_headers jsonb DEFAULT NULL,
    OUT "partition" int,
    OUT "offset"    bigint
)
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p."partition", p."offset"
      FROM trunkline.produce(p_topic, convert_to(p_key, 'UTF8'), convert_to(p_value, 'UTF8'), p_headers) AS p
$$;
COMMENT ON FUNCTION trunkline.produce(text, text, text, jsonb) IS 'Publishes one record whose key and value are text, stored as UTF-8.';

CREATE FUNCTION trunkline.offset_for_time(p_tp_id int, p_timestamp bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    v_log_start bigint;
    v_slice     int;
    v_low       bigint;
    v_high      bigint;
    v_middle    bigint;
    v_last      bigint;
    v_running   bigint;
    v_timestamps bigint[];
    v_base      bigint;
    v_found     bigint;
BEGIN
    SELECT h.log_start_offset INTO v_log_start FROM trunkline.partition_head h WHERE h.tp_id = p_tp_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'partition % does not exist', p_tp_id USING ERRCODE = 'TL404';
    END IF;
    FOR v_slice IN SELECT s.slice FROM trunkline.partition_slice s WHERE s.tp_id = p_tp_id ORDER BY s.slice LOOP
        -- The slice's last batch tells whether the time can lie in it.
        SELECT b.last_offset, b.running_max_timestamp INTO v_high, v_running
          FROM trunkline.log_batch b
         WHERE b.slice = v_slice AND b.tp_id = p_tp_id
         ORDER BY b.last_offset DESC
         LIMIT 1;
        CONTINUE WHEN v_high IS NULL OR v_high < v_log_start OR v_running < p_timestamp;
        v_low := v_log_start;
        WHILE v_low < v_high LOOP
            v_middle := v_low + (v_high - v_low) / 2;
            SELECT b.last_offset, b.running_max_timestamp INTO v_last, v_running
              FROM trunkline.log_batch b
             WHERE b.slice = v_slice AND b.tp_id = p_tp_id AND b.last_offset >= v_middle
             ORDER BY b.last_offset
             LIMIT 1;
            IF v_running >= p_timestamp THEN
                v_high := v_middle;
            ELSE
                v_low := v_last + 1;
            END IF;
        END LOOP;
        -- Mostly the batch found holds the record. Where its running maximum comes from records that retention
        -- has removed, or from below the log start, it is the first one after it that does.
        FOR v_base, v_timestamps IN
            SELECT b.base_offset, b.timestamps
              FROM trunkline.log_batch b
             WHERE b.slice = v_slice AND b.tp_id = p_tp_id AND b.last_offset >= v_low AND b.max_timestamp >= p_timestamp
             ORDER BY b.last_offset
        LOOP
            SELECT v_base + t.i - 1 INTO v_found
              FROM unnest(v_timestamps) WITH ORDINALITY AS t (at, i)
             WHERE t.at >= p_timestamp AND v_base + t.i - 1 >= v_log_start
             ORDER BY t.i
             LIMIT 1;
            IF FOUND THEN
                RETURN v_found;
            END IF;
        END LOOP;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION trunkline.offset_for_time IS
    'The first offset whose timestamp (milliseconds since the epoch) is not below the given one, as Kafka''s offsetsForTimes; null when there is none.';

CREATE VIEW trunkline.record AS
SELECT t.name AS topic,
       h.partition,
       b.base_offset + r.i - 1 AS "offset",
       to_timestamp(r."timestamp" / 1000.0) AS "timestamp",
       r.key,
       r.value,
       b.header_keys[x.first : x.first + b.header_counts[r.i] - 1] AS header_keys,
       b.header_values[x.first : x.first + b.header_counts[r.i] - 1] AS header_values
  FROM trunkline.topic t
  JOIN trunkline.partition_head h ON h.topic_id = t.topic_id
  JOIN trunkline.partition_slice s ON s.tp_id = h.tp_id
  JOIN trunkline.log_batch b ON b.slice = s.slice AND b.tp_id = h.tp_id AND b.last_offset >= h.log_start_offset
 CROSS JOIN LATERAL unnest(b.timestamps, b.keys, b.values) WITH ORDINALITY AS r ("timestamp", key, value, i)
 CROSS JOIN LATERAL (SELECT 1 + coalesce(sum(c), 0)::int AS first FROM unnest(b.header_counts[1 : r.i - 1]) AS c) AS x
 WHERE b.base_offset + r.i - 1 >= h.log_start_offset;
COMMENT ON VIEW trunkline.record IS 'Every record that can be read. Give topic and partition; for a part of a long log use read().';

CREATE FUNCTION trunkline.read(p_topic text, p_partition int, p_from bigint, p_to bigint DEFAULT NULL)
RETURNS TABLE ("offset" bigint, "timestamp" timestamptz, key bytea, value bytea, header_keys text[], header_values bytea[])
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    v_tp_id     int;
    v_log_start bigint;
    v_end       bigint;
BEGIN
    SELECT h.tp_id,
           h.log_start_offset,
           greatest(h.log_start_offset,
                    (SELECT b.last_offset + 1
                       FROM trunkline.log_batch b
                      WHERE b.slice = h.slice AND b.tp_id = h.tp_id
                      ORDER BY b.last_offset DESC
                      LIMIT 1))
      INTO v_tp_id, v_log_start, v_end
      FROM trunkline.topic t
      JOIN trunkline.partition_head h ON h.topic_id = t.topic_id
     WHERE t.name = p_topic AND h.partition = p_partition;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'topic % has no partition %', p_topic, p_partition USING ERRCODE = 'TL404';
    END IF;
    IF p_from < v_log_start OR p_from > v_end THEN
        RAISE EXCEPTION 'offset % is out of range: % to % can be read', p_from, v_log_start, v_end USING ERRCODE = 'TL416';
    END IF;
    RETURN QUERY
    SELECT b.base_offset + r.i - 1,
           to_timestamp(r.at / 1000.0),
           r.k,
           r.v,
           b.header_keys[x.first : x.first + b.header_counts[r.i] - 1],
           b.header_values[x.first : x.first + b.header_counts[r.i] - 1]
      FROM trunkline.partition_slice s
      JOIN trunkline.log_batch b ON b.slice = s.slice AND b.tp_id = s.tp_id
     CROSS JOIN LATERAL unnest(b.timestamps, b.keys, b.values) WITH ORDINALITY AS r (at, k, v, i)
     CROSS JOIN LATERAL (SELECT 1 + coalesce(sum(c), 0)::int AS first FROM unnest(b.header_counts[1 : r.i - 1]) AS c) AS x
     WHERE s.tp_id = v_tp_id
       AND s.slice >= coalesce((SELECT max(o.slice) FROM trunkline.partition_slice o WHERE o.tp_id = v_tp_id AND o.base_offset <= p_from), 0)
       AND b.last_offset >= p_from
       AND b.base_offset < coalesce(p_to, v_end)
       AND b.base_offset + r.i - 1 >= p_from
       AND b.base_offset + r.i - 1 < coalesce(p_to, v_end)
     ORDER BY b.last_offset, r.i;
END
$$;
COMMENT ON FUNCTION trunkline.read IS
    'The records of a partition from offset p_from up to, not including, p_to (or the end). TL416: p_from is below the log start or beyond the end.';

REVOKE ALL ON FUNCTION trunkline.prepare_slices FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.add_partitions FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.retire_partitions FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.append FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.murmur2 FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.produce(text, bytea, bytea, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.produce(text, text, text, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.offset_for_time FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.read FROM PUBLIC;
