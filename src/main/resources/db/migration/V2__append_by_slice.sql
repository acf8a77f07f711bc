-- Each slice gets an append function of its own. Its statements name one table, so that PostgreSQL plans them once for
-- each connection; on the partitioned table every call had to be planned anew.

CREATE FUNCTION trunkline.share_append(p_slice int) RETURNS void
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
END
$$;
COMMENT ON FUNCTION trunkline.share_append IS 'Lets those who may append() use the append function of a slice.';

CREATE FUNCTION trunkline.make_append(p_slice int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $make$
BEGIN
    EXECUTE replace($template$
CREATE FUNCTION trunkline.append_{slice}(
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
    v_tail          bigint;
    v_running_max   bigint;
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
                   (SELECT s.slice FROM trunkline.slice s WHERE s.starts_at <= clock_timestamp() ORDER BY s.starts_at DESC LIMIT 1)
              INTO v_head_slice, v_log_start, v_slice
              FROM trunkline.partition_head h
             WHERE h.tp_id = v_tp_id
               FOR NO KEY UPDATE OF h;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'partition % does not exist', v_tp_id USING ERRCODE = 'TL404';
            END IF;
        ELSE
            SELECT h.slice,
                   h.log_start_offset,
                   (SELECT s.slice FROM trunkline.slice s WHERE s.starts_at <= clock_timestamp() ORDER BY s.starts_at DESC LIMIT 1)
              INTO v_head_slice, v_log_start, v_slice
              FROM trunkline.partition_head h
             WHERE h.tp_id = v_tp_id
               FOR NO KEY UPDATE OF h SKIP LOCKED;
        END IF;
        -- Held by somebody else, gone, or to go to another slice: not here and now.
        CONTINUE WHEN (greatest(v_slice, v_head_slice) = {slice}) IS NOT TRUE;
        -- The time is taken under the lock, so that it follows the offsets.
        v_now := clock_timestamp();
        append_times[i] := floor(extract(epoch FROM v_now) * 1000)::bigint;
        IF p_timestamps IS NULL THEN
            v_max := append_times[i];
            v_timestamps := array_fill(v_max, ARRAY[v_count]);
        END IF;

        IF v_head_slice = {slice} THEN
            SELECT b.last_offset, b.running_max_timestamp
              INTO v_tail, v_running_max
              FROM trunkline.log_batch_{slice} b
             WHERE b.slice = {slice} AND b.tp_id = v_tp_id
             ORDER BY b.last_offset DESC
             LIMIT 1;
        ELSE
            SELECT b.last_offset, b.running_max_timestamp
              INTO v_tail, v_running_max
              FROM trunkline.log_batch b
             WHERE b.slice = v_head_slice AND b.tp_id = v_tp_id
             ORDER BY b.last_offset DESC
             LIMIT 1;
        END IF;
        v_base := greatest(v_log_start, v_tail + 1);
        IF v_tail IS NULL OR v_head_slice <> {slice} THEN
            INSERT INTO trunkline.partition_slice (tp_id, slice, base_offset)
            VALUES (v_tp_id, {slice}, v_base)
            ON CONFLICT (tp_id, slice) DO NOTHING;
            IF v_head_slice <> {slice} THEN
                UPDATE trunkline.partition_head h SET slice = {slice} WHERE h.tp_id = v_tp_id;
            END IF;
        END IF;

        INSERT INTO trunkline.log_batch_{slice}
            (slice, tp_id, last_offset, base_offset, max_timestamp, running_max_timestamp, appended_at, record_count, byte_size,
             timestamps, keys, values, header_counts, header_keys, header_values)
        VALUES
            ({slice}, v_tp_id, v_base + v_count - 1, v_base, v_max, greatest(v_max, v_running_max), v_now, v_count,
             pg_column_size(v_timestamps) + coalesce(pg_column_size(v_keys), 0) + pg_column_size(v_values)
                 + coalesce(pg_column_size(v_header_keys) + pg_column_size(v_header_values), 0),
             v_timestamps, v_keys, v_values, v_header_counts, v_header_keys, v_header_values);
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
COMMENT ON FUNCTION trunkline.make_append IS 'Makes the append function of a slice, append_<slice>.';

SELECT trunkline.make_append(s.slice) FROM trunkline.slice s;

CREATE OR REPLACE FUNCTION trunkline.prepare_slices(p_length interval, p_ahead int) RETURNS int
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
        SELECT greatest(
                   h.slice,
                   (SELECT s.slice FROM trunkline.slice s WHERE s.starts_at <= clock_timestamp() ORDER BY s.starts_at DESC LIMIT 1))
          INTO v_slice
          FROM trunkline.partition_head h
         WHERE h.tp_id = p_tp_id;
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

REVOKE ALL ON FUNCTION trunkline.share_append FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.make_append FROM PUBLIC;

-- Without lz4 the batches are stored as they are: pglz compresses some 30 MB/s, and every append would wait for it.
DO $$
DECLARE
    v_table regclass;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
        FOR v_table IN
            SELECT 'trunkline.log_batch'::regclass
             UNION ALL
            SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = 'trunkline.log_batch'::regclass
        LOOP
            EXECUTE format(
                'ALTER TABLE %s'
                ' ALTER COLUMN timestamps SET STORAGE EXTERNAL,'
                ' ALTER COLUMN keys SET STORAGE EXTERNAL,'
                ' ALTER COLUMN values SET STORAGE EXTERNAL,'
                ' ALTER COLUMN header_counts SET STORAGE EXTERNAL,'
                ' ALTER COLUMN header_keys SET STORAGE EXTERNAL,'
                ' ALTER COLUMN header_values SET STORAGE EXTERNAL',
                v_table);
        END LOOP;
    END IF;
END
$$;
