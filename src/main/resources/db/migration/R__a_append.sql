-- Appending: a function for each slice, append_<slice>, which append() and produce() call. Replicas of two versions may run at once,
-- so a family whose arguments or results change gets a new name, append_v2_<slice>, and both are made for one release.

SET LOCAL lock_timeout = '2s';
LOCK TABLE ${schema}.slice IN SHARE ROW EXCLUSIVE MODE;

CREATE OR REPLACE FUNCTION ${schema}.append_functions(p_slice int) RETURNS SETOF regprocedure
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.oid::regprocedure
      FROM pg_proc p
     WHERE p.pronamespace = '${schema}'::regnamespace
       AND p.proname ~ ('^append_(v[0-9]+_)?' || p_slice || '$')
$$;
COMMENT ON FUNCTION ${schema}.append_functions(int) IS 'The append functions of a slice, of all families.';

CREATE OR REPLACE FUNCTION ${schema}.share_append(p_slice int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_function regprocedure;
    v_table    name;
    v_role     name;
BEGIN
    -- Others use append(), which calls them with its owner's rights: they take the identities of producers and keys, and nothing
    -- proves that those are the caller's. Before the first migration has ended find_key() is missing, and the grants follow.
    FOR v_function, v_role IN
        SELECT f.f, r.rolname
          FROM pg_proc p
         CROSS JOIN LATERAL aclexplode(p.proacl) AS a
          JOIN pg_roles r ON r.oid = a.grantee
         CROSS JOIN ${schema}.append_functions(p_slice) AS f (f)
         WHERE p.oid = to_regprocedure('${schema}.find_key(bytea)')
           AND a.privilege_type = 'EXECUTE'
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', v_function, v_role);
    END LOOP;
    FOR v_table, v_role IN
        SELECT c.relname, r.rolname
          FROM pg_class c
         CROSS JOIN LATERAL aclexplode(c.relacl) AS a
          JOIN pg_roles r ON r.oid = a.grantee
         WHERE c.oid IN ('${schema}.log_batch'::regclass, '${schema}.producer_batch'::regclass, '${schema}.idempotency_key'::regclass)
           AND a.privilege_type = 'SELECT'
    LOOP
        EXECUTE format('GRANT SELECT ON ${schema}.%I TO %I', v_table || '_' || p_slice, v_role);
    END LOOP;
END
$$;
COMMENT ON FUNCTION ${schema}.share_append(int) IS
    'Lets the service, which is who may find_key(), use the append functions of a slice, and those who may read the log and its producers read their tables.';

-- What the append functions of all slices share. It runs with their search path, and nobody else may call it.
CREATE OR REPLACE FUNCTION ${schema}.check_batches(
    p_tp_ids         bigint[],
    p_counts         int[],
    p_wait           boolean,
    p_timestamps     bigint[],
    p_max_timestamps bigint[],
    p_keys           bytea[],
    p_values         bytea[],
    p_header_counts  int[],
    p_header_keys    text[],
    p_header_values  bytea[]
) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
    v_partitions int := cardinality(p_tp_ids);
    v_total      int := cardinality(p_values);
    v_timestamps bigint[] := p_timestamps;
    v_max        bigint;
    v_first      int := 1;
BEGIN
    -- The tail is read in a statement after the lock: under another isolation level that would be an old snapshot.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append needs the isolation level read committed' USING ERRCODE = 'TL001';
    END IF;
    -- Whoever waits for one lock must hold no other one.
    IF (v_partitions >= 1 AND array_ndims(p_tp_ids) = 1 AND array_lower(p_tp_ids, 1) = 1 AND (v_partitions = 1 OR NOT p_wait)) IS NOT TRUE THEN
        RAISE EXCEPTION 'an append goes to at least one partition, and waits for one at most' USING ERRCODE = 'TL001';
    END IF;
    IF (v_total >= 1 AND array_ndims(p_values) = 1 AND array_lower(p_values, 1) = 1) IS NOT TRUE THEN
        RAISE EXCEPTION 'values must hold one element a record, and at least one' USING ERRCODE = 'TL001';
    END IF;
    -- A condition with a query costs far more than one without, even where it does not get to the query: so it has an IF of its own.
    IF v_partitions > 1 THEN
        IF (
            cardinality(p_counts) = v_partitions
            AND array_ndims(p_counts) = 1
            AND array_lower(p_counts, 1) = 1
            AND array_position(p_counts, NULL) IS NULL
            AND 1 <= ALL (p_counts)
            AND v_total = (SELECT sum(c) FROM unnest(p_counts) AS c)
        ) IS NOT TRUE THEN
            RAISE EXCEPTION 'counts must hold one element a partition, which add up to the records' USING ERRCODE = 'TL001';
        END IF;
    END IF;
    IF p_keys IS NOT NULL AND (cardinality(p_keys) = v_total AND array_ndims(p_keys) = 1 AND array_lower(p_keys, 1) = 1) IS NOT TRUE THEN
        RAISE EXCEPTION 'keys must be null or hold one element a record' USING ERRCODE = 'TL001';
    END IF;
    IF p_timestamps IS NOT NULL AND (
        cardinality(p_timestamps) = v_total
        AND array_ndims(p_timestamps) = 1
        AND array_lower(p_timestamps, 1) = 1
        AND array_position(p_timestamps, NULL) IS NULL
        AND cardinality(p_max_timestamps) = v_partitions
    ) IS NOT TRUE THEN
        RAISE EXCEPTION 'timestamps must be null or hold one element a record' USING ERRCODE = 'TL001';
    END IF;
    -- A batch whose arrays do not fit could never be read, and never be changed: each test must be true, not just not false.
    IF num_nulls(p_header_counts, p_header_keys, p_header_values) NOT IN (0, 3) THEN
        RAISE EXCEPTION 'header counts, keys and values come together' USING ERRCODE = 'TL001';
    END IF;
    IF p_header_counts IS NOT NULL THEN
        IF (
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
            RAISE EXCEPTION 'header counts, keys and values must fit one another' USING ERRCODE = 'TL001';
        END IF;
    END IF;
    IF pg_column_size(p_values)::bigint + coalesce(pg_column_size(p_keys), 0) + coalesce(pg_column_size(p_header_values), 0)
       > 536870912 THEN
        RAISE EXCEPTION 'a batch is at most 512 MiB' USING ERRCODE = 'TL001';
    END IF;
    IF p_timestamps IS NOT NULL THEN
        FOR i IN 1 .. v_partitions LOOP
            IF v_partitions > 1 THEN
                v_timestamps := p_timestamps[v_first : v_first + p_counts[i] - 1];
                v_first := v_first + p_counts[i];
            END IF;
            -- The caller names the largest, which is faster to check than to find.
            v_max := p_max_timestamps[i];
            IF (v_max = ANY (v_timestamps) AND v_max >= ALL (v_timestamps) AND 0 <= ALL (v_timestamps) AND v_max <= 253402300799999) IS NOT TRUE THEN
                RAISE EXCEPTION 'timestamps are milliseconds from 1970 to 9999, of which the largest is named' USING ERRCODE = 'TL001';
            END IF;
        END LOOP;
    END IF;
    RETURN v_total;
END
$$;
COMMENT ON FUNCTION ${schema}.check_batches(bigint[], int[], boolean, bigint[], bigint[], bytea[], bytea[], int[], text[], bytea[]) IS
    'Fails where the arguments of an append function do not fit one another; answers how many records they hold.';

CREATE OR REPLACE FUNCTION ${schema}.lock_head(p_tp_id bigint, p_wait boolean) RETURNS ${schema}.partition_head
LANGUAGE plpgsql
AS $$
DECLARE
    v_head ${schema}.partition_head;
BEGIN
    IF p_wait THEN
        SELECT h.* INTO v_head FROM ${schema}.partition_head h WHERE h.tp_id = p_tp_id FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'partition % does not exist', p_tp_id USING ERRCODE = 'TL002';
        END IF;
    ELSE
        SELECT h.* INTO v_head FROM ${schema}.partition_head h WHERE h.tp_id = p_tp_id FOR NO KEY UPDATE SKIP LOCKED;
    END IF;
    RETURN v_head;
END
$$;
COMMENT ON FUNCTION ${schema}.lock_head(bigint, boolean) IS
    'The head of a partition, locked to the end of the transaction; nulls where it is gone or, without waiting, locked by somebody else. TL002: waited for, and gone.';

CREATE OR REPLACE FUNCTION ${schema}.make_append(p_slice int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $make$
DECLARE
    v_function regprocedure;
BEGIN
    EXECUTE replace($template$
CREATE OR REPLACE FUNCTION ${schema}.append_{slice}(
    p_tp_ids         bigint[],
    p_counts         int[],
    p_wait           boolean,
    p_timestamps     bigint[],
    p_max_timestamps bigint[],
    p_keys           bytea[],
    p_values         bytea[],
    p_header_counts  int[],
    p_header_keys    text[],
    p_header_values  bytea[],
    p_part_partitions  int[],
    p_part_firsts      int[],
    p_part_counts      int[],
    p_expected_ends    bigint[],
    p_producer_ids     bigint[],
    p_producer_epochs  int[],
    p_base_sequences   int[],
    p_key_ids          bytea[],
    p_fingerprints     bytea[],
    p_partition_counts int[],
    p_max_bytes        int[],
    OUT base_offsets          bigint[],
    OUT log_start_offsets     bigint[],
    OUT append_times          bigint[],
    OUT part_verdicts         int[],
    OUT part_tp_ids           bigint[],
    OUT part_offsets          bigint[],
    OUT part_times            bigint[],
    OUT part_partition_counts int[],
    OUT part_max_bytes        int[],
    OUT part_record_counts    int[]
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $append$
DECLARE
    v_partitions    int := cardinality(p_tp_ids);
    v_total         int := ${schema}.check_batches(
        p_tp_ids, p_counts, p_wait, p_timestamps, p_max_timestamps, p_keys, p_values, p_header_counts, p_header_keys, p_header_values);
    v_slice         int := ${schema}.current_slice();
    v_tp_id         bigint;
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
    v_head          ${schema}.partition_head;
    v_tail          bigint;
    v_running_max   bigint;
    v_running_bytes bigint;
    v_bytes         int;
    v_base          bigint;
    v_parts         int := 0;
    v_part          int := 1;
    v_first_part    int := 1;
    v_older         int[];
    v_written       bytea[];
    v_late          int;
    v_known         record;
    v_verdict       record;
BEGIN
    base_offsets := array_fill(NULL::bigint, ARRAY[v_partitions]);
    log_start_offsets := base_offsets;
    append_times := base_offsets;
    IF p_part_partitions IS NOT NULL THEN
        v_parts := ${schema}.check_parts(
            v_partitions, p_counts, v_total, p_part_partitions, p_part_firsts, p_part_counts, p_expected_ends, p_producer_ids,
            p_producer_epochs, p_base_sequences, p_key_ids, p_fingerprints, p_partition_counts, p_max_bytes);
        part_verdicts := array_fill(0, ARRAY[v_parts]);
        part_offsets := array_fill(NULL::bigint, ARRAY[v_parts]);
        part_times := part_offsets;
        part_tp_ids := part_offsets;
        part_partition_counts := array_fill(NULL::int, ARRAY[v_parts]);
        part_max_bytes := part_partition_counts;
        part_record_counts := part_partition_counts;
        SELECT coalesce(array_agg(s.slice ORDER BY s.slice DESC), '{}')
          INTO v_older
          FROM ${schema}.slice s
         WHERE s.slice < {slice} AND s.has_producers;
    END IF;
    FOR i IN 1 .. v_partitions LOOP
        v_tp_id := p_tp_ids[i];
        v_count := v_total;
        IF v_parts > 0 THEN
            v_first_part := v_part;
            WHILE v_part <= v_parts AND p_part_partitions[v_part] = i LOOP
                v_part := v_part + 1;
            END LOOP;
        END IF;
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
        v_head := ${schema}.lock_head(v_tp_id, p_wait);
        IF v_head.slice IS NULL OR greatest(v_slice, v_head.slice) <> {slice} THEN
            -- Not here and now: to go to another slice, held by somebody else, or gone.
            base_offsets[i] := CASE
                WHEN v_head.slice IS NOT NULL THEN -2
                WHEN EXISTS (SELECT FROM ${schema}.partition_head h WHERE h.tp_id = v_tp_id) THEN -1
                ELSE -3
            END;
            CONTINUE;
        END IF;
        -- The time is taken under the lock, so that it follows the offsets.
        v_now := ${schema}.log_now();
        append_times[i] := floor(extract(epoch FROM v_now) * 1000)::bigint;
        v_max := p_max_timestamps[i];
        IF p_timestamps IS NULL THEN
            v_max := append_times[i];
            v_timestamps := array_fill(v_max, ARRAY[v_count]);
        END IF;

        IF v_head.slice = {slice} THEN
            SELECT b.last_offset, b.running_max_timestamp, b.running_byte_size
              INTO v_tail, v_running_max, v_running_bytes
              FROM ${schema}.log_batch_{slice} b
             WHERE b.tp_id = v_tp_id AND b.last_offset >= v_head.log_start_offset
             ORDER BY b.last_offset DESC
             LIMIT 1;
        ELSE
            -- Of that table only: a plan over all slices would lock, and wait for, each of them.
            EXECUTE format(
                'SELECT b.last_offset, b.running_max_timestamp, b.running_byte_size FROM ${schema}.log_batch_%s b'
                ' WHERE b.tp_id = $1 AND b.last_offset >= $2 ORDER BY b.last_offset DESC LIMIT 1', v_head.slice)
               INTO v_tail, v_running_max, v_running_bytes
              USING v_tp_id, v_head.log_start_offset;
        END IF;
        v_base := greatest(v_head.log_start_offset, v_tail + 1);
        IF v_part > v_first_part THEN
            -- Under the lock, and later than it: whatever was appended to the partition before is seen.
            IF p_key_ids IS NOT NULL THEN
                FOR v_known IN
                    SELECT v_first_part + p.n::int - 1 AS part, p.fingerprint = k.fingerprint AS same, k.tp_id, k.base_offset,
                           k.appended_at, k.partition_count, k.max_message_bytes, k.record_count
                      FROM unnest(p_key_ids[v_first_part : v_part - 1], p_fingerprints[v_first_part : v_part - 1])
                           WITH ORDINALITY AS p (key_id, fingerprint, n)
                     CROSS JOIN LATERAL (SELECT k.* FROM ${schema}.idempotency_key_{slice} k WHERE k.key_id = p.key_id LIMIT 1) k
                     UNION ALL
                    SELECT v_first_part + p.n::int - 1, p.fingerprint = k.fingerprint, k.tp_id, k.base_offset,
                           k.appended_at, k.partition_count, k.max_message_bytes, k.record_count
                      FROM ${schema}.known_keys(v_older, p_key_ids[v_first_part : v_part - 1]) k
                      JOIN unnest(p_key_ids[v_first_part : v_part - 1], p_fingerprints[v_first_part : v_part - 1])
                           WITH ORDINALITY AS p (key_id, fingerprint, n) ON p.key_id = k.key_id
                LOOP
                    part_verdicts[v_known.part] := CASE WHEN v_known.same THEN 1 ELSE 4 END;
                    part_tp_ids[v_known.part] := v_known.tp_id;
                    part_offsets[v_known.part] := v_known.base_offset;
                    part_times[v_known.part] := floor(extract(epoch FROM v_known.appended_at) * 1000)::bigint;
                    part_partition_counts[v_known.part] := v_known.partition_count;
                    part_max_bytes[v_known.part] := v_known.max_message_bytes;
                    part_record_counts[v_known.part] := v_known.record_count;
                END LOOP;
            END IF;
            IF p_producer_ids IS NOT NULL THEN
                -- Those that do not simply follow what was appended last, or the part before them.
                FOR v_known IN
                    SELECT p.part, p.id, p.epoch_before
                      FROM (SELECT v_first_part + o.n::int - 1 AS part, o.id, o.epoch, o.sequence,
                                   lag(o.epoch) OVER w AS epoch_before,
                                   lag((o.sequence::bigint + o.count) % 2147483648) OVER w AS next
                              FROM unnest(p_producer_ids[v_first_part : v_part - 1], p_producer_epochs[v_first_part : v_part - 1],
                                          p_base_sequences[v_first_part : v_part - 1], p_part_counts[v_first_part : v_part - 1])
                                   WITH ORDINALITY AS o (id, epoch, sequence, count, n)
                             WHERE o.id >= 0
                            WINDOW w AS (PARTITION BY o.id ORDER BY o.n)) p
                      LEFT JOIN LATERAL (SELECT b.producer_epoch, (b.base_sequence::bigint + b.record_count) % 2147483648 AS next
                                           FROM ${schema}.producer_batch_{slice} b
                                          WHERE p.epoch_before IS NULL AND b.tp_id = v_tp_id AND b.producer_id = p.id
                                          ORDER BY b.last_offset DESC
                                          LIMIT 1) b ON true
                     WHERE (p.epoch = coalesce(p.epoch_before, b.producer_epoch)
                            AND p.sequence = coalesce(p.next, b.next)) IS NOT TRUE
                LOOP
                    IF v_known.epoch_before IS NOT NULL THEN
                        RAISE EXCEPTION 'the parts of a producer in one append follow one another' USING ERRCODE = 'TL001';
                    END IF;
                    -- Those that follow it were sent again with it, as a rule: each is judged now, up to the first that is new.
                    FOR n IN v_known.part .. v_part - 1 LOOP
                        CONTINUE WHEN p_producer_ids[n] <> v_known.id;
                        v_verdict := ${schema}.producer_verdict(
                            {slice} || v_older, v_tp_id, v_known.id, p_producer_epochs[n], p_base_sequences[n], p_part_counts[n]);
                        EXIT WHEN v_verdict.verdict = 0;
                        part_verdicts[n] := v_verdict.verdict;
                        part_tp_ids[n] := v_tp_id;
                        part_offsets[n] := v_verdict.base_offset;
                        part_times[n] := floor(extract(epoch FROM v_verdict.appended_at) * 1000)::bigint;
                    END LOOP;
                END LOOP;
            END IF;
            IF p_expected_ends IS NOT NULL THEN
                FOR n IN v_first_part .. v_part - 1 LOOP
                    IF p_expected_ends[n] >= 0 AND part_verdicts[n] = 0 AND p_expected_ends[n] <> v_base + p_part_firsts[n] THEN
                        part_verdicts[n] := 5;
                        part_offsets[n] := v_base + p_part_firsts[n];
                    END IF;
                END LOOP;
            END IF;
            IF 0 <> ANY (part_verdicts[v_first_part : v_part - 1]) THEN
                base_offsets[i] := -4;
                append_times[i] := NULL;
                CONTINUE;
            END IF;
        END IF;
        v_running_bytes := coalesce(v_running_bytes, v_head.log_start_bytes);
        IF v_tail IS NULL OR v_head.slice <> {slice} THEN
            INSERT INTO ${schema}.partition_slice (tp_id, slice, base_offset, base_bytes, freed_bytes)
            VALUES (v_tp_id, {slice}, v_base, v_running_bytes, v_running_bytes)
            ON CONFLICT (tp_id, slice) DO NOTHING;
            IF v_head.slice <> {slice} THEN
                UPDATE ${schema}.partition_head h SET slice = {slice} WHERE h.tp_id = v_tp_id;
            END IF;
        END IF;

        v_bytes := pg_column_size(v_timestamps) + coalesce(pg_column_size(v_keys), 0) + pg_column_size(v_values)
            + coalesce(pg_column_size(v_header_keys) + pg_column_size(v_header_values), 0);
        INSERT INTO ${schema}.log_batch_{slice}
            (slice, tp_id, last_offset, base_offset, max_timestamp, running_max_timestamp, appended_at, record_count, byte_size,
             running_byte_size, timestamps, keys, values, header_counts, header_keys, header_values)
        VALUES
            ({slice}, v_tp_id, v_base + v_count - 1, v_base, v_max, greatest(v_max, v_running_max), v_now, v_count,
             v_bytes, v_running_bytes + v_bytes, v_timestamps, v_keys, v_values, v_header_counts, v_header_keys, v_header_values);
        base_offsets[i] := v_base;
        log_start_offsets[i] := v_head.log_start_offset;
        IF v_part > v_first_part AND p_producer_ids IS NOT NULL THEN
            INSERT INTO ${schema}.producer_batch_{slice}
                (tp_id, producer_id, last_offset, appended_at, base_sequence, record_count, producer_epoch)
            SELECT v_tp_id, p_producer_ids[n], v_base + p_part_firsts[n] + p_part_counts[n] - 1, v_now, p_base_sequences[n],
                   p_part_counts[n], p_producer_epochs[n]::smallint
              FROM generate_series(v_first_part, v_part - 1) AS n
             WHERE p_producer_ids[n] >= 0;
        END IF;
    END LOOP;
    IF p_key_ids IS NOT NULL THEN
        -- The index keeps a key from being written to two partitions at once. Whoever waits for the other here holds heads, but
        -- nobody who has come so far waits for a head, and all go by the order of the keys.
        WITH written AS (
            INSERT INTO ${schema}.idempotency_key_{slice}
                (tp_id, base_offset, appended_at, partition_count, max_message_bytes, record_count, key_id, fingerprint)
            SELECT p_tp_ids[p.partition], base_offsets[p.partition] + p.first,
                   to_timestamp(append_times[p.partition] / 1000.0), p.partition_count, p.max_bytes, p.count, p.key_id, p.fingerprint
              FROM unnest(p_key_ids, p_fingerprints, p_part_partitions, p_part_firsts, p_part_counts, p_partition_counts, p_max_bytes)
                   AS p (key_id, fingerprint, partition, first, count, partition_count, max_bytes)
             WHERE p.key_id IS NOT NULL AND append_times[p.partition] IS NOT NULL
             ORDER BY p.key_id
            RETURNING key_id
        )
        SELECT array_agg(w.key_id ORDER BY w.key_id) INTO v_written FROM written w;
        -- Somebody may still be writing the same key to a slice that has just ended: a commit can wait for a standby, or with
        -- its machine, for longer than any timeout. So the rows go there too; log_limit keeps such a slice from being forgotten.
        IF v_written IS NOT NULL AND cardinality(v_older) > 0 THEN
            FOR v_late IN
                SELECT s.slice
                  FROM ${schema}.slice s
                 WHERE s.slice = ANY (v_older)
                   AND NOT EXISTS (SELECT FROM ${schema}.slice l
                                    WHERE l.slice > s.slice AND l.starts_at <= v_now - interval '15 minutes')
                 ORDER BY s.slice DESC
            LOOP
                EXECUTE format(
                    'INSERT INTO ${schema}.idempotency_key_%s SELECT k.* FROM ${schema}.idempotency_key_{slice} k'
                    ' WHERE k.key_id = ANY ($1) ORDER BY k.key_id', v_late)
                USING v_written;
            END LOOP;
        END IF;
    END IF;
END
$append$
$template$, '{slice}', p_slice::text);
    EXECUTE format(
        'COMMENT ON FUNCTION ${schema}.append_%s(bigint[], int[], boolean, bigint[], bigint[], bytea[], bytea[], int[], text[], bytea[], int[], int[], int[], bigint[], bigint[], int[], int[], bytea[], bytea[], int[], int[]) IS %L',
        p_slice,
        'Appends to partitions in slice ' || p_slice || ', for each p_counts[i] records, in one transaction. Answers the offset of the first record of each, '
        'its log start offset and the time. A partition that was not written has no time, and instead of an offset -1 where it is locked (unless p_wait), -2 where it writes to another slice, -3 where it is gone, -4 where a part of it was judged not to be written. '
        'Verdicts of parts: 0 none, 1 written before, 2 out of order, 3 of an old epoch, 4 a key of another request, 5 the end is another.');
    FOR v_function IN SELECT ${schema}.append_functions(p_slice) LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_function);
    END LOOP;
    PERFORM ${schema}.share_append(p_slice);
END
$make$;
COMMENT ON FUNCTION ${schema}.make_append(int) IS 'Makes the append function of a slice, append_<slice>.';

CREATE OR REPLACE FUNCTION ${schema}.append(
    p_tp_id         bigint,
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
        SELECT greatest(h.slice, ${schema}.current_slice()) INTO v_slice FROM ${schema}.partition_head h WHERE h.tp_id = p_tp_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'partition % does not exist', p_tp_id USING ERRCODE = 'TL002';
        END IF;
        EXECUTE format('SELECT base_offsets[1] FROM ${schema}.append_%s(ARRAY[$1], NULL, true, $2, ARRAY[$3], $4, $5, $6, $7, $8,'
                       ' NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)', v_slice)
           INTO v_base
          USING p_tp_id, p_timestamps, v_max, p_keys, p_values, p_header_counts, p_header_keys, p_header_values;
        IF v_base >= 0 THEN
            RETURN v_base;
        END IF;
    END LOOP;
    RAISE EXCEPTION 'the slice of partition % changes too fast', p_tp_id USING ERRCODE = '40001';
END
$$;
COMMENT ON FUNCTION ${schema}.append(bigint, bigint[], bytea[], bytea[], int[], text[], bytea[]) IS
    'Appends records to a partition and answers the offset of the first. Holds the partition''s lock to the end of the transaction, so that offsets follow commits. Null timestamps mean the time of the append. TL002: no such partition.';

CREATE OR REPLACE FUNCTION ${schema}.murmur2(p_data bytea) RETURNS int
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
COMMENT ON FUNCTION ${schema}.murmur2(bytea) IS
    'The hash by which Kafka''s clients choose a key''s partition (32 bits, seed 0x9747b28c), without its sign bit.';

CREATE OR REPLACE FUNCTION ${schema}.produce(
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
    v_topic         ${schema}.topic;
    v_tp_id         bigint;
    v_timestamps    bigint[];
    v_header_counts int[];
    v_header_keys   text[];
    v_header_values bytea[];
    v_size          bigint;
    v_max           bigint;
BEGIN
    SELECT t.* INTO v_topic FROM ${schema}.topic t WHERE t.name = p_topic;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'topic % does not exist', p_topic USING ERRCODE = 'TL003';
    END IF;
    IF p_headers IS NOT NULL AND jsonb_typeof(p_headers) <> 'array' THEN
        RAISE EXCEPTION 'headers must be an array of {"key": text, "value": base64 or null}' USING ERRCODE = 'TL001';
    END IF;
    IF jsonb_array_length(p_headers) > 0 THEN
        IF EXISTS (SELECT FROM jsonb_array_elements(p_headers) AS h
                    WHERE jsonb_typeof(h) <> 'object'
                       OR jsonb_typeof(h -> 'key') IS DISTINCT FROM 'string'
                       OR jsonb_typeof(h -> 'value') NOT IN ('string', 'null')) THEN
            RAISE EXCEPTION 'headers must be an array of {"key": text, "value": base64 or null}' USING ERRCODE = 'TL001';
        END IF;
        SELECT array_agg(h.e ->> 'key' ORDER BY h.i), array_agg(decode(h.e ->> 'value', 'base64') ORDER BY h.i)
          INTO v_header_keys, v_header_values
          FROM jsonb_array_elements(p_headers) WITH ORDINALITY AS h (e, i);
        v_header_counts := ARRAY[cardinality(v_header_keys)];
    END IF;
    v_size := coalesce(octet_length(p_key), 0) + coalesce(octet_length(p_value), 0)
            + coalesce((SELECT sum(octet_length(k) + coalesce(octet_length(v), 0)) FROM unnest(v_header_keys, v_header_values) AS h (k, v)), 0);
    v_max := ${schema}.topic_setting(v_topic.config, 'max.message.bytes')::bigint;
    IF v_size > v_max THEN
        RAISE EXCEPTION 'the record has % bytes, topic % takes at most % (max.message.bytes)', v_size, p_topic, v_max
            USING ERRCODE = 'TL006';
    END IF;
    "partition" := CASE
        WHEN p_key IS NULL THEN floor(random() * v_topic.partition_count)::int
        ELSE ${schema}.murmur2(p_key) % v_topic.partition_count
    END;
    SELECT h.tp_id INTO v_tp_id
      FROM ${schema}.partition_head h
     WHERE h.topic_id = v_topic.topic_id AND h.partition = produce."partition";
    IF ${schema}.topic_setting(v_topic.config, 'message.timestamp.type') <> 'LogAppendTime' THEN
        v_timestamps := ARRAY[floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint];
    END IF;
    "offset" := ${schema}.append(
        v_tp_id, v_timestamps, CASE WHEN p_key IS NOT NULL THEN ARRAY[p_key] END, ARRAY[p_value],
        v_header_counts, v_header_keys, v_header_values);
END
$$;
COMMENT ON FUNCTION ${schema}.produce(text, bytea, bytea, jsonb) IS
    'Publishes one record inside the caller''s transaction: it is seen when that commits, and producers of the partition wait until then. Headers as over HTTP: [{"key": "name", "value": "<base64>"}].';

CREATE OR REPLACE FUNCTION ${schema}.produce(
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
      FROM ${schema}.produce(p_topic, convert_to(p_key, 'UTF8'), convert_to(p_value, 'UTF8'), p_headers) AS p
$$;
COMMENT ON FUNCTION ${schema}.produce(text, text, text, jsonb) IS 'Publishes one record whose key and value are text, stored as UTF-8.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC;

-- The slices that there are get what has changed above.
SELECT ${schema}.make_append(s.slice) FROM ${schema}.slice s;
