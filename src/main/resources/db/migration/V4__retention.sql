-- Retention: what may go is decided here, by the topic's configuration; the role that the service runs as can only ask.
-- The log start moves first, and what lies below it is freed later: whole slices where nobody needs them any more, single
-- batches where somebody still does.

-- In the order in which appends lock them, so that those which are under way end first. Who cannot be waited for is met again.
SET LOCAL lock_timeout = '2s';
LOCK TABLE trunkline.topic, trunkline.partition_head, trunkline.slice, trunkline.partition_slice, trunkline.retired_partition,
    trunkline.log_batch IN ACCESS EXCLUSIVE MODE;

CREATE FUNCTION trunkline.now() RETURNS timestamptz
LANGUAGE sql
AS $$ SELECT pg_catalog.clock_timestamp() $$;
COMMENT ON FUNCTION trunkline.now IS 'The clock of the log: the server''s. Its owner may put another one in its place, to test what time does.';

-- Rows that were there before have 0: of them the size is unknown.
ALTER TABLE trunkline.log_batch ADD COLUMN running_byte_size bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN trunkline.log_batch.running_byte_size IS
    'The bytes of the partition up to and with this batch, since it was made: it never falls, as offsets.';

ALTER TABLE trunkline.partition_head
    ADD COLUMN log_start_bytes bigint NOT NULL DEFAULT 0 CHECK (log_start_bytes >= 0),
    ADD COLUMN log_start_time timestamptz,
    ADD CONSTRAINT partition_head_slice_fkey FOREIGN KEY (slice) REFERENCES trunkline.slice;
COMMENT ON COLUMN trunkline.partition_head.log_start_bytes IS 'The bytes of the partition before the batch that holds the log start.';
COMMENT ON COLUMN trunkline.partition_head.log_start_time IS
    'When the batch that holds the log start was appended, or the last one of all where the partition is empty; where records were deleted by hand, when that was. Null while the log start has never moved.';
COMMENT ON COLUMN trunkline.partition_head.slice IS
    'The slice of the last append, or a later one when the partition is empty; the next append goes to this or a later slice.';

ALTER TABLE trunkline.partition_slice
    ADD COLUMN needed boolean NOT NULL DEFAULT true,
    ADD COLUMN base_bytes bigint NOT NULL DEFAULT 0,
    ADD COLUMN freed_offset bigint NOT NULL DEFAULT 0,
    ADD COLUMN freed_bytes bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT partition_slice_slice_fkey FOREIGN KEY (slice) REFERENCES trunkline.slice,
    SET (fillfactor = 70);
COMMENT ON COLUMN trunkline.partition_slice.needed IS
    'Whether the partition may have records in the slice that can be read. Once false it stays so, and the slice is not written by the partition any more.';
COMMENT ON COLUMN trunkline.partition_slice.base_bytes IS 'The bytes of the partition before the slice.';
COMMENT ON COLUMN trunkline.partition_slice.freed_offset IS 'Batches whose last offset is below have been removed one by one.';
COMMENT ON COLUMN trunkline.partition_slice.freed_bytes IS 'The bytes of the partition up to what has been removed one by one.';

ALTER TABLE trunkline.retired_partition ADD COLUMN end_bytes bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN trunkline.retired_partition.end_bytes IS 'The bytes of the partition up to its end.';

-- The purge of all topics reads these.
ALTER TABLE trunkline.topic
    ADD CONSTRAINT topic_retention_ms CHECK (
        config ->> 'retention.ms' ~ '^-?[0-9]{1,19}$' AND (config ->> 'retention.ms')::numeric BETWEEN -1 AND 9223372036854775807),
    ADD CONSTRAINT topic_retention_bytes CHECK (
        config ->> 'retention.bytes' ~ '^-?[0-9]{1,19}$' AND (config ->> 'retention.bytes')::numeric BETWEEN -1 AND 9223372036854775807);

CREATE FUNCTION trunkline.current_slice() RETURNS int
LANGUAGE sql
AS $$
    SELECT coalesce(
        (SELECT s.slice FROM trunkline.slice s WHERE s.starts_at <= trunkline.now() ORDER BY s.starts_at DESC LIMIT 1),
        (SELECT min(s.slice) FROM trunkline.slice s))
$$;
COMMENT ON FUNCTION trunkline.current_slice IS
    'The slice that appends go to: the newest that has started, or the first one where a clock that was set back lies before all.';

CREATE OR REPLACE FUNCTION trunkline.share_append(p_slice int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_role name;
BEGIN
    FOR v_role IN
        SELECT r.rolname
          FROM pg_proc p
         CROSS JOIN LATERAL aclexplode(p.proacl) AS a
          JOIN pg_roles r ON r.oid = a.grantee
         WHERE p.oid = 'trunkline.append(int, bigint[], bytea[], bytea[], int[], text[], bytea[])'::regprocedure
           AND a.privilege_type = 'EXECUTE'
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION trunkline.append_%s TO %I', p_slice, v_role);
    END LOOP;
    FOR v_role IN
        SELECT r.rolname
          FROM pg_class c
         CROSS JOIN LATERAL aclexplode(c.relacl) AS a
          JOIN pg_roles r ON r.oid = a.grantee
         WHERE c.oid = 'trunkline.log_batch'::regclass
           AND a.privilege_type = 'SELECT'
    LOOP
        EXECUTE format('GRANT SELECT ON trunkline.log_batch_%s TO %I', p_slice, v_role);
    END LOOP;
END
$$;
COMMENT ON FUNCTION trunkline.share_append IS
    'Lets those who may append() use the append function of a slice, and those who may read the log read its table.';

CREATE OR REPLACE FUNCTION trunkline.make_append(p_slice int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $make$
BEGIN
    EXECUTE replace($template$
CREATE OR REPLACE FUNCTION trunkline.append_{slice}(
    p_tp_ids        int[],
    p_counts        int[],
    p_wait          boolean,
    p_timestamps    bigint[],
    p_max_timestamps bigint[],
    p_keys          bytea[],
    p_values        bytea[],
    p_header_counts int[],
    p_header_keys   text[],
    p_header_values bytea[],
    OUT base_offsets      bigint[],
    OUT log_start_offsets bigint[],
    OUT append_times      bigint[]
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $append$
DECLARE
    v_partitions    int := cardinality(p_tp_ids);
    v_total         int := cardinality(p_values);
    v_slice         int;
    v_tp_id         int;
    v_count         int;
    v_first         int := 1;
    v_last          int;
    v_first_header  int := 1;
    v_last_header   int := 0;
    v_timestamps    bigint[] := p_timestamps;
    v_keys          bytea[] := p_keys;
    v_values        bytea[] := p_values;
    v_header_counts int[] := p_header_counts;
    v_header_keys   text[] := p_header_keys;
    v_header_values bytea[] := p_header_values;
    v_max           bigint;
    v_now           timestamptz;
    v_head_slice    int;
    v_log_start     bigint;
    v_log_start_bytes bigint;
    v_tail          bigint;
    v_running_max   bigint;
    v_running_bytes bigint;
    v_bytes         int;
    v_base          bigint;
BEGIN
    -- The tail is read in a statement after the lock: under another isolation level that would be an old snapshot.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append needs the isolation level read committed' USING ERRCODE = 'TL400';
    END IF;
    -- Whoever waits for one lock must hold no other one.
    IF (v_partitions >= 1 AND array_ndims(p_tp_ids) = 1 AND array_lower(p_tp_ids, 1) = 1 AND (v_partitions = 1 OR NOT p_wait)) IS NOT TRUE THEN
        RAISE EXCEPTION 'an append goes to at least one partition, and waits for one at most' USING ERRCODE = 'TL400';
    END IF;
    IF (v_total >= 1 AND array_ndims(p_values) = 1 AND array_lower(p_values, 1) = 1) IS NOT TRUE THEN
        RAISE EXCEPTION 'values must hold one element a record, and at least one' USING ERRCODE = 'TL400';
    END IF;
    IF v_partitions > 1 AND (
        cardinality(p_counts) = v_partitions
        AND array_ndims(p_counts) = 1
        AND array_lower(p_counts, 1) = 1
        AND array_position(p_counts, NULL) IS NULL
        AND 1 <= ALL (p_counts)
        AND v_total = (SELECT sum(c) FROM unnest(p_counts) AS c)
    ) IS NOT TRUE THEN
        RAISE EXCEPTION 'counts must hold one element a partition, which add up to the records' USING ERRCODE = 'TL400';
    END IF;
    IF p_keys IS NOT NULL AND (cardinality(p_keys) = v_total AND array_ndims(p_keys) = 1 AND array_lower(p_keys, 1) = 1) IS NOT TRUE THEN
        RAISE EXCEPTION 'keys must be null or hold one element a record' USING ERRCODE = 'TL400';
    END IF;
    IF p_timestamps IS NOT NULL AND (
        cardinality(p_timestamps) = v_total
        AND array_ndims(p_timestamps) = 1
        AND array_lower(p_timestamps, 1) = 1
        AND array_position(p_timestamps, NULL) IS NULL
        AND cardinality(p_max_timestamps) = v_partitions
    ) IS NOT TRUE THEN
        RAISE EXCEPTION 'timestamps must be null or hold one element a record' USING ERRCODE = 'TL400';
    END IF;
    -- A batch whose arrays do not fit could never be read, and never be changed: each test must be true, not just not false.
    IF num_nulls(p_header_counts, p_header_keys, p_header_values) NOT IN (0, 3) THEN
        RAISE EXCEPTION 'header counts, keys and values come together' USING ERRCODE = 'TL400';
    END IF;
    IF p_header_counts IS NOT NULL AND (
        cardinality(p_header_counts) = v_total
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

    base_offsets := array_fill(NULL::bigint, ARRAY[v_partitions]);
    log_start_offsets := base_offsets;
    append_times := base_offsets;
    FOR i IN 1 .. v_partitions LOOP
        v_tp_id := p_tp_ids[i];
        v_count := v_total;
        IF v_partitions > 1 THEN
            v_count := p_counts[i];
            v_last := v_first + v_count - 1;
            v_timestamps := p_timestamps[v_first : v_last];
            v_keys := p_keys[v_first : v_last];
            v_values := p_values[v_first : v_last];
            IF p_header_counts IS NOT NULL THEN
                v_header_counts := p_header_counts[v_first : v_last];
                v_last_header := v_first_header - 1 + (SELECT sum(c) FROM unnest(v_header_counts) AS c);
                v_header_keys := p_header_keys[v_first_header : v_last_header];
                v_header_values := p_header_values[v_first_header : v_last_header];
                v_first_header := v_last_header + 1;
            END IF;
            v_first := v_last + 1;
        END IF;
        -- The caller names the largest, which is faster to check than to find.
        IF v_timestamps IS NOT NULL THEN
            v_max := p_max_timestamps[i];
            IF (v_max = ANY (v_timestamps) AND v_max >= ALL (v_timestamps) AND 0 <= ALL (v_timestamps) AND v_max <= 253402300799999) IS NOT TRUE THEN
                RAISE EXCEPTION 'timestamps are milliseconds from 1970 to 9999, of which the largest is named' USING ERRCODE = 'TL400';
            END IF;
        END IF;

        IF p_wait THEN
            SELECT h.slice,
                   h.log_start_offset,
                   h.log_start_bytes,
                   (SELECT s.slice FROM trunkline.slice s WHERE s.starts_at <= trunkline.now() ORDER BY s.starts_at DESC LIMIT 1)
              INTO v_head_slice, v_log_start, v_log_start_bytes, v_slice
              FROM trunkline.partition_head h
             WHERE h.tp_id = v_tp_id
               FOR NO KEY UPDATE OF h;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'partition % does not exist', v_tp_id USING ERRCODE = 'TL404';
            END IF;
        ELSE
            SELECT h.slice,
                   h.log_start_offset,
                   h.log_start_bytes,
                   (SELECT s.slice FROM trunkline.slice s WHERE s.starts_at <= trunkline.now() ORDER BY s.starts_at DESC LIMIT 1)
              INTO v_head_slice, v_log_start, v_log_start_bytes, v_slice
              FROM trunkline.partition_head h
             WHERE h.tp_id = v_tp_id
               FOR NO KEY UPDATE OF h SKIP LOCKED;
        END IF;
        -- Held by somebody else, gone, or to go to another slice: not here and now.
        CONTINUE WHEN (greatest(v_slice, v_head_slice) = {slice}) IS NOT TRUE;
        -- The time is taken under the lock, so that it follows the offsets.
        v_now := trunkline.now();
        append_times[i] := floor(extract(epoch FROM v_now) * 1000)::bigint;
        IF p_timestamps IS NULL THEN
            v_max := append_times[i];
            v_timestamps := array_fill(v_max, ARRAY[v_count]);
        END IF;

        IF v_head_slice = {slice} THEN
            SELECT b.last_offset, b.running_max_timestamp, b.running_byte_size
              INTO v_tail, v_running_max, v_running_bytes
              FROM trunkline.log_batch_{slice} b
             WHERE b.slice = {slice} AND b.tp_id = v_tp_id AND b.last_offset >= v_log_start
             ORDER BY b.last_offset DESC
             LIMIT 1;
        ELSE
            -- Of that table only: a plan over all slices would lock, and wait for, each of them.
            EXECUTE format(
                'SELECT b.last_offset, b.running_max_timestamp, b.running_byte_size FROM trunkline.log_batch_%1$s b'
                ' WHERE b.slice = %1$s AND b.tp_id = $1 AND b.last_offset >= $2 ORDER BY b.last_offset DESC LIMIT 1', v_head_slice)
               INTO v_tail, v_running_max, v_running_bytes
              USING v_tp_id, v_log_start;
        END IF;
        v_base := greatest(v_log_start, v_tail + 1);
        v_running_bytes := coalesce(v_running_bytes, v_log_start_bytes);
        IF v_tail IS NULL OR v_head_slice <> {slice} THEN
            INSERT INTO trunkline.partition_slice (tp_id, slice, base_offset, base_bytes, freed_bytes)
            VALUES (v_tp_id, {slice}, v_base, v_running_bytes, v_running_bytes)
            ON CONFLICT (tp_id, slice) DO NOTHING;
            IF v_head_slice <> {slice} THEN
                UPDATE trunkline.partition_head h SET slice = {slice} WHERE h.tp_id = v_tp_id;
            END IF;
        END IF;

        v_bytes := pg_column_size(v_timestamps) + coalesce(pg_column_size(v_keys), 0) + pg_column_size(v_values)
            + coalesce(pg_column_size(v_header_keys) + pg_column_size(v_header_values), 0);
        INSERT INTO trunkline.log_batch_{slice}
            (slice, tp_id, last_offset, base_offset, max_timestamp, running_max_timestamp, appended_at, record_count, byte_size,
             running_byte_size, timestamps, keys, values, header_counts, header_keys, header_values)
        VALUES
            ({slice}, v_tp_id, v_base + v_count - 1, v_base, v_max, greatest(v_max, v_running_max), v_now, v_count,
             v_bytes, v_running_bytes + v_bytes, v_timestamps, v_keys, v_values, v_header_counts, v_header_keys, v_header_values);
        base_offsets[i] := v_base;
        log_start_offsets[i] := v_log_start;
    END LOOP;
END
$append$
$template$, '{slice}', p_slice::text);
    EXECUTE format('REVOKE ALL ON FUNCTION trunkline.append_%s FROM PUBLIC', p_slice);
    EXECUTE format(
        'COMMENT ON FUNCTION trunkline.append_%s IS %L',
        p_slice,
        'Appends to partitions in slice ' || p_slice || ', for each p_counts[i] records, in one transaction. Answers the offset of the first record of each, '
        'its log start offset and the time; null for a partition that was not written because it is locked (unless p_wait), gone, or writes to another slice.');
    PERFORM trunkline.share_append(p_slice);
END
$make$;

SELECT trunkline.make_append(s.slice) FROM trunkline.slice s;

CREATE OR REPLACE FUNCTION trunkline.prepare_slices(p_length interval, p_ahead int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
DECLARE
    v_slice  int;
    v_start  timestamptz;
    v_now    timestamptz := trunkline.now();
    v_made   int := 0;
BEGIN
    IF (p_length BETWEEN interval '1 minute' AND interval '31 days'
        AND p_ahead BETWEEN 1 AND 100
        AND p_ahead * p_length <= interval '100 days') IS NOT TRUE THEN
        RAISE EXCEPTION 'slices are 1 minute to 31 days long, and 1 to 100 of them, for at most 100 days, are made ahead'
            USING ERRCODE = 'TL400';
    END IF;
    -- One caller at a time; appends read this table and lock rows of it for their foreign keys, and are not held up.
    LOCK TABLE trunkline.slice IN SHARE ROW EXCLUSIVE MODE;
    SELECT s.slice, s.starts_at INTO v_slice, v_start FROM trunkline.slice s ORDER BY s.slice DESC LIMIT 1;
    v_slice := coalesce(v_slice, 0);
    v_start := greatest(v_start + p_length, date_bin(p_length, v_now, timestamptz '2000-01-01 00:00:00+00'));
    WHILE v_start <= v_now + p_ahead * p_length LOOP
        v_slice := v_slice + 1;
        EXECUTE format('CREATE TABLE trunkline.log_batch_%s (LIKE trunkline.log_batch INCLUDING ALL)', v_slice);
        -- ATTACH lets appends and reads of the other slices go on, PARTITION OF would not.
        EXECUTE format('ALTER TABLE trunkline.log_batch ATTACH PARTITION trunkline.log_batch_%s FOR VALUES IN (%s)', v_slice, v_slice);
        PERFORM trunkline.make_append(v_slice);
        INSERT INTO trunkline.slice (slice, starts_at) VALUES (v_slice, v_start);
        v_start := v_start + p_length;
        v_made := v_made + 1;
    END LOOP;
    RETURN v_made;
END
$$;

CREATE OR REPLACE FUNCTION trunkline.append(
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
AS $$
DECLARE
    v_slice int;
    v_base  bigint;
    v_max   bigint;
BEGIN
    SELECT max(t) INTO v_max FROM unnest(p_timestamps) AS t;
    -- Mostly the first turn writes; another one is for a slice that began meanwhile.
    FOR i IN 1 .. 3 LOOP
        SELECT greatest(h.slice, trunkline.current_slice()) INTO v_slice FROM trunkline.partition_head h WHERE h.tp_id = p_tp_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'partition % does not exist', p_tp_id USING ERRCODE = 'TL404';
        END IF;
        EXECUTE format('SELECT base_offsets[1] FROM trunkline.append_%s(ARRAY[$1], NULL, true, $2, ARRAY[$3], $4, $5, $6, $7, $8)', v_slice)
           INTO v_base
          USING p_tp_id, p_timestamps, v_max, p_keys, p_values, p_header_counts, p_header_keys, p_header_values;
        IF v_base IS NOT NULL THEN
            RETURN v_base;
        END IF;
    END LOOP;
    RAISE EXCEPTION 'the slice of partition % changes too fast', p_tp_id USING ERRCODE = '40001';
END
$$;

CREATE OR REPLACE FUNCTION trunkline.add_partitions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_have  int := 0;
    v_slice int := trunkline.current_slice();
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
    SELECT NEW.topic_id, p.partition, v_slice
      FROM generate_series(v_have, NEW.partition_count - 1) AS p (partition);
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION trunkline.retire_partitions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tp_ids int[];
BEGIN
    -- The slices of the last appends are to be seen, when they have ended.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'topics are deleted in the isolation level read committed' USING ERRCODE = 'TL400';
    END IF;
    SELECT array_agg(l.tp_id)
      INTO v_tp_ids
      FROM (SELECT h.tp_id FROM trunkline.partition_head h WHERE h.topic_id = OLD.topic_id ORDER BY h.tp_id FOR UPDATE) l;
    INSERT INTO trunkline.retired_partition (tp_id, topic_id, end_bytes)
    SELECT h.tp_id, OLD.topic_id, coalesce(h.log_start_bytes + s.byte_size, h.log_start_bytes)
      FROM trunkline.partition_head h
      LEFT JOIN trunkline.log_state(v_tp_ids) s ON s.tp_id = h.tp_id
     WHERE h.topic_id = OLD.topic_id;
    UPDATE trunkline.partition_slice s SET needed = false WHERE s.tp_id = ANY (v_tp_ids) AND s.needed;
    DELETE FROM trunkline.partition_head h WHERE h.topic_id = OLD.topic_id;
    RETURN OLD;
END
$$;
UPDATE trunkline.partition_slice s SET needed = false FROM trunkline.retired_partition r WHERE s.tp_id = r.tp_id;

CREATE FUNCTION trunkline.log_state(p_tp_ids int[] DEFAULT NULL)
RETURNS TABLE (
    tp_id               int,
    log_start_offset    bigint,
    end_offset          bigint,
    byte_size           bigint,
    oldest_timestamp    bigint,
    first_byte_size     int
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_group record;
BEGIN
    -- Partitions that begin and end in the same slices are looked at together, so that each query names its tables. Volatile,
    -- so that each has a snapshot from after it locked them, and sees no table that was truncated beside an older head.
    FOR v_group IN
        SELECT h.slice AS last, coalesce(s.slice, h.slice) AS first, array_agg(h.tp_id) AS tp_ids
          FROM trunkline.partition_head h
          LEFT JOIN LATERAL (SELECT p.slice
                               FROM trunkline.partition_slice p
                              WHERE p.tp_id = h.tp_id AND p.base_offset <= h.log_start_offset
                              ORDER BY p.slice DESC
                              LIMIT 1) s ON true
         WHERE p_tp_ids IS NULL OR h.tp_id = ANY (p_tp_ids)
         GROUP BY 1, 2
    LOOP
        BEGIN
            RETURN QUERY EXECUTE format($query$
                SELECT h.tp_id,
                       h.log_start_offset,
                       greatest(h.log_start_offset, t.last_offset + 1),
                       greatest(0, t.running_byte_size - h.log_start_bytes),
                       least(f.max_timestamp, floor(extract(epoch FROM f.appended_at) * 1000)::bigint),
                       f.byte_size
                  FROM unnest($1) AS i (tp_id)
                  JOIN trunkline.partition_head h ON h.tp_id = i.tp_id
                  LEFT JOIN LATERAL (SELECT b.last_offset, b.running_byte_size
                                       FROM trunkline.log_batch_%1$s b
                                      WHERE b.slice = %1$s AND b.tp_id = h.tp_id AND b.last_offset >= h.log_start_offset
                                      ORDER BY b.last_offset DESC
                                      LIMIT 1) t ON true
                  LEFT JOIN LATERAL (SELECT b.max_timestamp, b.appended_at, b.byte_size
                                       FROM trunkline.log_batch_%2$s b
                                      WHERE b.slice = %2$s AND b.tp_id = h.tp_id AND b.last_offset >= h.log_start_offset
                                      ORDER BY b.last_offset
                                      LIMIT 1) f ON true
                 WHERE h.slice = %1$s AND (f.byte_size IS NOT NULL OR t.last_offset IS NULL)
                $query$, v_group.last, v_group.first)
                USING v_group.tp_ids;
        EXCEPTION WHEN undefined_table THEN
            NULL; -- the slice was dropped just now: its partitions are looked at the next time
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION trunkline.log_state IS
    'Where partitions begin and end, their bytes (0 where the size is not known), and of the batch at the log start the time that counts for retention and the bytes; nulls where there is none. Leaves out those that have moved to another slice meanwhile.';

CREATE FUNCTION trunkline.purgeable() RETURNS SETOF int
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.tp_id
      FROM trunkline.log_state() s
      JOIN trunkline.partition_head h ON h.tp_id = s.tp_id
      JOIN trunkline.topic t ON t.topic_id = h.topic_id
     CROSS JOIN LATERAL (SELECT coalesce((t.config ->> 'retention.ms')::bigint, 604800000) AS ms,
                                coalesce((t.config ->> 'retention.bytes')::bigint, -1) AS bytes) r
     WHERE CASE
               WHEN s.log_start_offset = s.end_offset THEN h.slice < trunkline.current_slice()
               ELSE (r.ms >= 0 AND s.oldest_timestamp < floor(extract(epoch FROM trunkline.now()) * 1000)::bigint - r.ms)
                    OR (r.bytes >= 0 AND s.byte_size - s.first_byte_size >= r.bytes)
           END
     UNION
    SELECT p.tp_id
      FROM (SELECT p.tp_id, p.needed, lead(p.base_offset) OVER (PARTITION BY p.tp_id ORDER BY p.slice) AS ends_at
              FROM trunkline.partition_slice p) p
      JOIN trunkline.partition_head h ON h.tp_id = p.tp_id
     WHERE p.needed AND p.ends_at <= h.log_start_offset
     ORDER BY 1
$$;
COMMENT ON FUNCTION trunkline.purgeable IS
    'The partitions of which purge_partition() would remove records, or let go of a slice that they have nothing in.';

CREATE FUNCTION trunkline.move_log_start(
    p_tp_id int,
    p_to    bigint,
    p_by_hand boolean,
    OUT log_start_offset bigint,
    OUT end_offset       bigint,
    OUT purged_records   bigint,
    OUT purged_bytes     bigint
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    v_head         trunkline.partition_head;
    v_tail_offset  bigint;
    v_tail_bytes   bigint;
    v_bytes        bigint;
    v_time         timestamptz;
    v_slice        int;
    v_needed_from  int;
BEGIN
    IF (p_to >= 0 OR (p_to = -1 AND p_by_hand)) IS NOT TRUE THEN
        RAISE EXCEPTION 'the log start moves to an offset, or by hand with -1 to the end' USING ERRCODE = 'TL400';
    END IF;
    -- What follows the lock is read in later statements: under another isolation level that would be an old snapshot.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the log start moves in the isolation level read committed' USING ERRCODE = 'TL400';
    END IF;
    SELECT h.* INTO v_head FROM trunkline.partition_head h WHERE h.tp_id = p_tp_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'partition % does not exist', p_tp_id USING ERRCODE = 'TL404';
    END IF;
    SELECT b.last_offset, b.running_byte_size, b.appended_at
      INTO v_tail_offset, v_tail_bytes, v_time
      FROM trunkline.log_batch b
     WHERE b.slice = v_head.slice AND b.tp_id = p_tp_id AND b.last_offset >= v_head.log_start_offset
     ORDER BY b.last_offset DESC
     LIMIT 1;
    end_offset := greatest(v_head.log_start_offset, v_tail_offset + 1);
    IF p_to > end_offset THEN
        RAISE EXCEPTION 'offset % is out of range: partition % ends at %', p_to, p_tp_id, end_offset USING ERRCODE = 'TL416';
    END IF;
    log_start_offset := greatest(v_head.log_start_offset, CASE WHEN p_to = -1 THEN end_offset ELSE p_to END);
    v_slice := v_head.slice;
    IF log_start_offset = end_offset THEN
        v_bytes := coalesce(v_tail_bytes, v_head.log_start_bytes);
        -- Empty: whatever comes next goes to the current slice, and the old ones are needed no more.
        v_slice := greatest(v_head.slice, trunkline.current_slice());
        v_needed_from := v_slice;
    ELSE
        SELECT s.slice INTO v_needed_from
          FROM trunkline.partition_slice s
         WHERE s.tp_id = p_tp_id AND s.base_offset <= log_start_offset
         ORDER BY s.slice DESC
         LIMIT 1;
        SELECT b.running_byte_size - b.byte_size, b.appended_at
          INTO v_bytes, v_time
          FROM trunkline.log_batch b
         WHERE b.slice = v_needed_from AND b.tp_id = p_tp_id AND b.last_offset >= log_start_offset
         ORDER BY b.last_offset
         LIMIT 1;
    END IF;
    v_bytes := greatest(v_bytes, v_head.log_start_bytes);
    purged_records := log_start_offset - v_head.log_start_offset;
    purged_bytes := v_bytes - v_head.log_start_bytes;
    IF purged_records > 0 OR v_slice <> v_head.slice THEN
        UPDATE trunkline.partition_head h
           SET log_start_offset = move_log_start.log_start_offset,
               log_start_bytes = v_bytes,
               log_start_time = CASE WHEN p_by_hand THEN trunkline.now() ELSE coalesce(v_time, v_head.log_start_time) END,
               slice = v_slice
         WHERE h.tp_id = p_tp_id;
    END IF;
    UPDATE trunkline.partition_slice s
       SET needed = false
     WHERE s.tp_id = p_tp_id AND s.slice < v_needed_from AND s.needed;
END
$$;
COMMENT ON FUNCTION trunkline.move_log_start IS
    'Moves the log start of a partition forward, by hand with -1 to the end, and marks the slices that it needs no more. TL404: no such partition. TL416: beyond the end.';

CREATE FUNCTION trunkline.purge_partition(
    p_tp_id int,
    OUT log_start_offset bigint,
    OUT purged_records   bigint,
    OUT purged_bytes     bigint,
    OUT more             boolean
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET lock_timeout = '250ms'
AS $$
DECLARE
    c_most_batches CONSTANT int := 20000;
    v_ms           bigint;
    v_bytes        bigint;
    v_head         trunkline.partition_head;
    v_cutoff       bigint;
    v_most_bytes   bigint;
    v_target       bigint;
    v_slice        int;
    v_low          bigint;
    v_high         bigint;
    v_middle       bigint;
    v_last         bigint;
    v_running_max  bigint;
    v_running_bytes bigint;
    v_next         bigint;
    v_batches      int;
    v_slice_last   bigint;
BEGIN
    more := false;
    purged_records := 0;
    purged_bytes := 0;
    -- Shared with other readers of the configuration; who changes it waits until this has committed.
    SELECT coalesce((t.config ->> 'retention.ms')::bigint, 604800000), coalesce((t.config ->> 'retention.bytes')::bigint, -1)
      INTO v_ms, v_bytes
      FROM trunkline.topic t
     WHERE t.topic_id = (SELECT h.topic_id FROM trunkline.partition_head h WHERE h.tp_id = p_tp_id)
       FOR SHARE;
    IF NOT FOUND THEN
        RETURN; -- deleted
    END IF;
    -- Without the partition's lock: what is expired stays so, and producers wait for the move only.
    SELECT h.* INTO v_head FROM trunkline.partition_head h WHERE h.tp_id = p_tp_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT b.running_byte_size INTO v_running_bytes
      FROM trunkline.log_batch b
     WHERE b.slice = v_head.slice AND b.tp_id = p_tp_id
     ORDER BY b.last_offset DESC
     LIMIT 1;
    v_cutoff := CASE WHEN v_ms >= 0 THEN floor(extract(epoch FROM trunkline.now()) * 1000)::bigint - v_ms END;
    v_most_bytes := CASE WHEN v_bytes >= 0 THEN v_running_bytes - v_bytes END;
    v_target := v_head.log_start_offset;
    IF v_cutoff IS NOT NULL OR v_most_bytes IS NOT NULL THEN
        FOR v_slice IN
            SELECT s.slice FROM trunkline.partition_slice s WHERE s.tp_id = p_tp_id AND s.needed ORDER BY s.slice
        LOOP
            SELECT b.last_offset, b.running_max_timestamp, b.running_byte_size
              INTO v_high, v_running_max, v_running_bytes
              FROM trunkline.log_batch b
             WHERE b.slice = v_slice AND b.tp_id = p_tp_id
             ORDER BY b.last_offset DESC
             LIMIT 1;
            CONTINUE WHEN v_high IS NULL OR v_high < v_target;
            IF v_running_max < v_cutoff OR v_running_bytes <= v_most_bytes THEN
                v_target := v_high + 1;
                CONTINUE;
            END IF;
            -- Neither the running maximum nor the running size ever falls: the first batch that stays by them is bisected.
            v_slice_last := v_high;
            v_low := v_target;
            WHILE v_low < v_high LOOP
                v_middle := v_low + (v_high - v_low) / 2;
                SELECT b.last_offset, b.running_max_timestamp, b.running_byte_size
                  INTO v_last, v_running_max, v_running_bytes
                  FROM trunkline.log_batch b
                 WHERE b.slice = v_slice AND b.tp_id = p_tp_id AND b.last_offset >= v_middle
                 ORDER BY b.last_offset
                 LIMIT 1;
                IF v_running_max < v_cutoff OR v_running_bytes <= v_most_bytes THEN
                    v_low := v_last + 1;
                ELSE
                    v_high := v_middle;
                END IF;
            END LOOP;
            v_target := v_low;
            -- The maximum may come from one record of the future. Such a batch counts as old as its append, and what
            -- comes after it by its own time: looked at one by one, so many at a time.
            SELECT n.base_offset INTO v_next
              FROM (SELECT b.base_offset, b.last_offset, b.max_timestamp, b.appended_at
                      FROM trunkline.log_batch b
                     WHERE b.slice = v_slice AND b.tp_id = p_tp_id AND b.last_offset >= v_low
                     ORDER BY b.last_offset
                     LIMIT c_most_batches) n
             WHERE (least(n.max_timestamp, floor(extract(epoch FROM n.appended_at) * 1000)::bigint) < v_cutoff) IS NOT TRUE
             ORDER BY n.last_offset
             LIMIT 1;
            IF FOUND THEN
                v_target := greatest(v_target, v_next);
                EXIT;
            END IF;
            -- None of them stays. What has been appended since the slice was looked at first is not among them.
            SELECT count(*), greatest(max(n.last_offset) + 1, v_target)
              INTO v_batches, v_target
              FROM (SELECT b.last_offset
                      FROM trunkline.log_batch b
                     WHERE b.slice = v_slice AND b.tp_id = p_tp_id AND b.last_offset BETWEEN v_low AND v_slice_last
                     ORDER BY b.last_offset
                     LIMIT c_most_batches) n;
            more := v_batches = c_most_batches;
            EXIT WHEN more;
        END LOOP;
    END IF;
    SELECT m.log_start_offset, m.purged_records, m.purged_bytes
      INTO log_start_offset, purged_records, purged_bytes
      FROM trunkline.move_log_start(p_tp_id, v_target, false) m;
END
$$;
COMMENT ON FUNCTION trunkline.purge_partition IS
    'Moves the log start of a partition past what its topic''s retention.ms and retention.bytes do not keep, batch by batch from the oldest on, and never further; answers what that was, and whether there is more. The time of a batch is its largest timestamp, or that of its append where it lies in the future of that.';

CREATE FUNCTION trunkline.delete_records(
    p_tp_id  int,
    p_before bigint,
    OUT log_start_offset bigint,
    OUT end_offset       bigint
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
BEGIN
    IF (p_before >= -1) IS NOT TRUE THEN
        RAISE EXCEPTION 'records are deleted before an offset, or all of them with -1' USING ERRCODE = 'TL400';
    END IF;
    SELECT m.log_start_offset, m.end_offset
      INTO log_start_offset, end_offset
      FROM trunkline.move_log_start(p_tp_id, p_before, true) m;
END
$$;
COMMENT ON FUNCTION trunkline.delete_records IS
    'Deletes the records of a partition before an offset, or all with -1, as Kafka''s DeleteRecords: moves its log start there, unless that is further already. TL404: no such partition. TL416: beyond the end.';

CREATE FUNCTION trunkline.free_slice(p_slice int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
DECLARE
    v_bytes bigint;
BEGIN
    -- What is looked at under the lock has to be as it is then: under another isolation level that would be an old snapshot.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'slices are freed in the isolation level read committed' USING ERRCODE = 'TL400';
    END IF;
    IF (p_slice < trunkline.current_slice()) IS NOT TRUE THEN
        RAISE EXCEPTION 'slice % is still written to', p_slice USING ERRCODE = 'TL409';
    END IF;
    IF to_regclass('trunkline.log_batch_' || p_slice) IS NULL THEN
        RETURN 0; -- dropped by somebody else
    END IF;
    IF EXISTS (SELECT FROM trunkline.partition_slice s WHERE s.slice = p_slice AND s.needed) THEN
        RAISE EXCEPTION 'slice % has records that are kept', p_slice USING ERRCODE = 'TL409';
    END IF;
    IF pg_relation_size(to_regclass('trunkline.log_batch_' || p_slice)) = 0 THEN
        DELETE FROM trunkline.partition_slice s WHERE s.slice = p_slice AND NOT s.needed;
        RETURN 0; -- freed already
    END IF;
    BEGIN
        EXECUTE format('LOCK TABLE trunkline.log_batch_%s IN ACCESS EXCLUSIVE MODE', p_slice);
    EXCEPTION WHEN undefined_table THEN
        RETURN 0; -- dropped by somebody else
    END;
    -- Whoever was still writing to it has committed now, and is seen by a new statement.
    IF EXISTS (SELECT FROM trunkline.partition_slice s WHERE s.slice = p_slice AND s.needed) THEN
        RAISE EXCEPTION 'slice % has records that are kept', p_slice USING ERRCODE = 'TL409';
    END IF;
    v_bytes := pg_total_relation_size(to_regclass('trunkline.log_batch_' || p_slice));
    EXECUTE format('TRUNCATE trunkline.log_batch_%s', p_slice);
    DELETE FROM trunkline.partition_slice s WHERE s.slice = p_slice AND NOT s.needed;
    RETURN v_bytes;
END
$$;
COMMENT ON FUNCTION trunkline.free_slice IS
    'Gives back the space of a slice that is over and that no partition needs; answers the bytes it had on disk. TL409: it is needed. Waits 2 s at most for those who still read it.';

CREATE FUNCTION trunkline.drop_slice(p_slice int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '100ms'
AS $$
DECLARE
    v_used boolean;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'slices are freed in the isolation level read committed' USING ERRCODE = 'TL400';
    END IF;
    IF (p_slice < trunkline.current_slice()) IS NOT TRUE THEN
        RAISE EXCEPTION 'slice % is still written to', p_slice USING ERRCODE = 'TL409';
    END IF;
    IF to_regclass('trunkline.log_batch_' || p_slice) IS NULL THEN
        RETURN false;
    END IF;
    IF EXISTS (SELECT FROM trunkline.partition_slice s WHERE s.slice = p_slice)
       OR EXISTS (SELECT FROM trunkline.partition_head h WHERE h.slice = p_slice) THEN
        RETURN false;
    END IF;
    -- The foreign keys let this wait for whoever is about to use the slice, and fail when it does.
    BEGIN
        DELETE FROM trunkline.slice s WHERE s.slice = p_slice;
        IF NOT FOUND THEN
            RETURN false; -- dropped by somebody else
        END IF;
    EXCEPTION WHEN foreign_key_violation THEN
        RETURN false;
    END;
    EXECUTE format('LOCK TABLE ONLY trunkline.log_batch, ONLY trunkline.log_batch_%s IN ACCESS EXCLUSIVE MODE', p_slice);
    EXECUTE format('SELECT EXISTS (SELECT FROM trunkline.log_batch_%s)', p_slice) INTO v_used;
    IF v_used THEN
        RAISE EXCEPTION 'slice % has not been freed', p_slice USING ERRCODE = 'TL409';
    END IF;
    EXECUTE format('DROP TABLE trunkline.log_batch_%s', p_slice);
    EXECUTE format('DROP FUNCTION trunkline.append_%s', p_slice);
    RETURN true;
END
$$;
COMMENT ON FUNCTION trunkline.drop_slice IS
    'Removes a slice that has been freed and that no partition refers to; false where one still does. Waits 100 ms at most for a lock, since queries over all slices wait behind it.';

CREATE FUNCTION trunkline.free_batches(
    p_tp_id int,
    p_slice int,
    p_most_batches int,
    p_most_bytes bigint,
    OUT batches int,
    OUT bytes   bigint,
    OUT done    boolean
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '250ms'
AS $$
DECLARE
    v_place trunkline.partition_slice;
    v_below bigint;
    v_last  bigint;
    v_freed bigint;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'batches are freed in the isolation level read committed' USING ERRCODE = 'TL400';
    END IF;
    IF (p_most_batches BETWEEN 1 AND 100000 AND p_most_bytes >= 1) IS NOT TRUE THEN
        RAISE EXCEPTION 'batches are freed 1 to 100000 at a time' USING ERRCODE = 'TL400';
    END IF;
    batches := 0;
    bytes := 0;
    done := true;
    SELECT s.* INTO v_place FROM trunkline.partition_slice s WHERE s.tp_id = p_tp_id AND s.slice = p_slice;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT h.log_start_offset INTO v_below FROM trunkline.partition_head h WHERE h.tp_id = p_tp_id;
    IF NOT FOUND THEN
        -- Of a deleted topic all goes. Whatever has neither a head nor a grave stays.
        PERFORM FROM trunkline.retired_partition r WHERE r.tp_id = p_tp_id;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        v_below := 9223372036854775807;
    END IF;
    BEGIN
        EXECUTE format('LOCK TABLE trunkline.log_batch_%s IN ROW EXCLUSIVE MODE', p_slice);
    EXCEPTION WHEN undefined_table THEN
        RETURN; -- freed as a whole meanwhile
    END;
    EXECUTE format($query$
        SELECT count(*), max(n.last_offset), coalesce(sum(n.byte_size), 0), max(n.running_byte_size)
          FROM (SELECT b.last_offset,
                       b.byte_size,
                       b.running_byte_size,
                       sum(b.byte_size) OVER (ORDER BY b.last_offset) - b.byte_size AS before
                  FROM (SELECT b.last_offset, b.byte_size, b.running_byte_size
                          FROM trunkline.log_batch_%1$s b
                         WHERE b.slice = %1$s AND b.tp_id = $1 AND b.last_offset >= $2 AND b.last_offset < $3
                         ORDER BY b.last_offset
                         LIMIT $4) b) n
         WHERE n.before < $5
        $query$, p_slice)
       INTO batches, v_last, bytes, v_freed
      USING p_tp_id, v_place.freed_offset, v_below, p_most_batches, p_most_bytes;
    IF batches > 0 THEN
        EXECUTE format(
            'DELETE FROM trunkline.log_batch_%1$s b WHERE b.slice = %1$s AND b.tp_id = $1 AND b.last_offset >= $2 AND b.last_offset <= $3', p_slice)
          USING p_tp_id, v_place.freed_offset, v_last;
    END IF;
    done := batches < p_most_batches AND bytes < p_most_bytes;
    IF done AND NOT v_place.needed THEN
        DELETE FROM trunkline.partition_slice s WHERE s.tp_id = p_tp_id AND s.slice = p_slice AND NOT s.needed;
    ELSE
        UPDATE trunkline.partition_slice s
           SET freed_offset = greatest(s.freed_offset, CASE WHEN done THEN v_below ELSE v_last + 1 END),
               freed_bytes = greatest(s.freed_bytes, v_freed)
         WHERE s.tp_id = p_tp_id AND s.slice = p_slice;
    END IF;
    -- What is lost of this when PostgreSQL crashes is done again.
    PERFORM set_config('synchronous_commit', 'off', true);
END
$$;
COMMENT ON FUNCTION trunkline.free_batches IS
    'Deletes batches of a partition in a slice that lie wholly below its log start, or any of a deleted topic, oldest first, up to a number of batches and (but for the last) bytes; answers how many, and whether nothing is left. For slices that others still need.';

CREATE FUNCTION trunkline.forget_retired() RETURNS int
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH forgotten AS (
        DELETE FROM trunkline.retired_partition r
         WHERE NOT EXISTS (SELECT FROM trunkline.partition_slice s WHERE s.tp_id = r.tp_id)
        RETURNING 1
    )
    SELECT count(*)::int FROM forgotten
$$;
COMMENT ON FUNCTION trunkline.forget_retired IS 'Forgets the partitions of deleted topics whose space has been freed.';

CREATE TABLE trunkline.retention_turn (
    holder       uuid,
    held_until   timestamptz,
    started_at   timestamptz,
    succeeded_at timestamptz
);
CREATE UNIQUE INDEX retention_turn_one_row ON trunkline.retention_turn ((true));
COMMENT ON TABLE trunkline.retention_turn IS
    'One row: which replica purges now, until when it may without being heard of, and when a purge began and succeeded last.';
INSERT INTO trunkline.retention_turn DEFAULT VALUES;

-- Records that are removed while it runs: it fails rather than leave some out.
CREATE OR REPLACE FUNCTION trunkline.read(p_topic text, p_partition int, p_from bigint, p_to bigint DEFAULT NULL)
RETURNS TABLE ("offset" bigint, "timestamp" timestamptz, key bytea, value bytea, header_keys text[], header_values bytea[])
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    v_tp_id     int;
    v_log_start bigint;
    v_end       bigint;
    v_to        bigint;
    v_rows      bigint;
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
    v_to := least(p_to, v_end);
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
       AND b.base_offset < v_to
       AND b.base_offset + r.i - 1 >= p_from
       AND b.base_offset + r.i - 1 < v_to
     ORDER BY b.last_offset, r.i;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    IF v_rows <> greatest(0, v_to - p_from) THEN
        RAISE EXCEPTION 'offset % is out of range: records of partition % of topic % have been removed', p_from, p_partition, p_topic
            USING ERRCODE = 'TL416';
    END IF;
END
$$;

REVOKE ALL ON FUNCTION trunkline.now FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.current_slice FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.log_state FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.purgeable FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.move_log_start FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.purge_partition FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.delete_records FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.free_slice FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.drop_slice FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.free_batches FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.forget_retired FROM PUBLIC;
