-- Slices: each is a table and its append function, made ahead of time, freed as a whole, and dropped.

SET LOCAL lock_timeout = '2s';
LOCK TABLE ${schema}.slice IN SHARE ROW EXCLUSIVE MODE;

CREATE OR REPLACE FUNCTION ${schema}.prepare_slices(p_length interval, p_ahead int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
DECLARE
    v_limit  ${schema}.log_limit;
    v_slice  int;
    v_table  text;
    v_start  timestamptz;
    v_now    timestamptz := ${schema}.log_now();
    v_made   int := 0;
BEGIN
    IF (p_length > interval '0' AND p_ahead BETWEEN 1 AND 100) IS NOT TRUE THEN
        RAISE EXCEPTION 'slices have a length, and 1 to 100 of them are made ahead' USING ERRCODE = 'TL001';
    END IF;
    SELECT l.* INTO STRICT v_limit FROM ${schema}.log_limit l;
    IF (p_length BETWEEN v_limit.min_slice_length AND v_limit.max_slice_length
        AND p_ahead * p_length <= v_limit.max_time_ahead) IS NOT TRUE THEN
        RAISE EXCEPTION 'slices are % to % long, and made for at most % ahead (${schema}.log_limit)',
            v_limit.min_slice_length, v_limit.max_slice_length, v_limit.max_time_ahead
            USING ERRCODE = 'TL008';
    END IF;
    -- One caller at a time; appends read this table and lock rows of it for their foreign keys, and are not held up.
    LOCK TABLE ${schema}.slice IN SHARE ROW EXCLUSIVE MODE;
    SELECT s.slice, s.starts_at INTO v_slice, v_start FROM ${schema}.slice s ORDER BY s.slice DESC LIMIT 1;
    v_slice := coalesce(v_slice, 0);
    v_start := greatest(v_start + p_length, date_bin(p_length, v_now, timestamptz '2000-01-01 00:00:00+00'));
    WHILE v_start <= v_now + p_ahead * p_length LOOP
        v_slice := v_slice + 1;
        -- Analyzed when it has a page or two, a table gets plans that read all of it, and keeps them while it grows.
        FOREACH v_table IN ARRAY ARRAY['log_batch', 'producer_batch', 'idempotency_key'] LOOP
            EXECUTE format(
                'CREATE TABLE ${schema}.%1$I_%2$s (LIKE ${schema}.%1$I INCLUDING ALL) WITH (autovacuum_analyze_threshold = 10000)',
                v_table, v_slice);
        END LOOP;
        -- ATTACH lets appends and reads of the other slices go on, PARTITION OF would not.
        EXECUTE format('ALTER TABLE ${schema}.log_batch ATTACH PARTITION ${schema}.log_batch_%s FOR VALUES IN (%s)', v_slice, v_slice);
        EXECUTE format(
            'COMMENT ON TABLE ${schema}.producer_batch_%s IS %L', v_slice, 'The batches of idempotent producers in slice ' || v_slice || '.');
        EXECUTE format(
            'COMMENT ON TABLE ${schema}.idempotency_key_%s IS %L', v_slice, 'The requests with idempotency keys in slice ' || v_slice || '.');
        PERFORM ${schema}.make_append(v_slice);
        INSERT INTO ${schema}.slice (slice, starts_at) VALUES (v_slice, v_start);
        v_start := v_start + p_length;
        v_made := v_made + 1;
    END LOOP;
    RETURN v_made;
END
$$;
COMMENT ON FUNCTION ${schema}.prepare_slices(interval, int) IS
    'Makes the slices that are missing from now to p_ahead lengths from now; answers how many it made. TL008: outside the bounds of ${schema}.log_limit.';

CREATE OR REPLACE FUNCTION ${schema}.check_past_slice(p_slice int) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    -- What is looked at under the lock has to be as it is then: under another isolation level that would be an old snapshot.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'slices are freed in the isolation level read committed' USING ERRCODE = 'TL001';
    END IF;
    IF (p_slice < ${schema}.current_slice()) IS NOT TRUE THEN
        RAISE EXCEPTION 'slice % is still written to', p_slice USING ERRCODE = 'TL009';
    END IF;
END
$$;
COMMENT ON FUNCTION ${schema}.check_past_slice(int) IS
    'What free_slice() and drop_slice() need. TL001: another isolation level. TL009: the slice is still written to.';

CREATE OR REPLACE FUNCTION ${schema}.free_slice(p_slice int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
DECLARE
    v_bytes bigint;
BEGIN
    PERFORM ${schema}.check_past_slice(p_slice);
    IF to_regclass('${schema}.log_batch_' || p_slice) IS NULL THEN
        RETURN 0; -- dropped by somebody else
    END IF;
    IF EXISTS (SELECT FROM ${schema}.partition_slice s WHERE s.slice = p_slice AND s.needed) THEN
        RAISE EXCEPTION 'slice % has records that are kept', p_slice USING ERRCODE = 'TL009';
    END IF;
    IF pg_relation_size(to_regclass('${schema}.log_batch_' || p_slice)) = 0 THEN
        DELETE FROM ${schema}.partition_slice s WHERE s.slice = p_slice AND NOT s.needed;
        RETURN 0; -- freed already
    END IF;
    BEGIN
        EXECUTE format('LOCK TABLE ${schema}.log_batch_%s IN ACCESS EXCLUSIVE MODE', p_slice);
    EXCEPTION WHEN undefined_table THEN
        RETURN 0; -- dropped by somebody else
    END;
    -- Whoever was still writing to it has committed now, and is seen by a new statement.
    IF EXISTS (SELECT FROM ${schema}.partition_slice s WHERE s.slice = p_slice AND s.needed) THEN
        RAISE EXCEPTION 'slice % has records that are kept', p_slice USING ERRCODE = 'TL009';
    END IF;
    v_bytes := pg_total_relation_size(to_regclass('${schema}.log_batch_' || p_slice));
    EXECUTE format('TRUNCATE ${schema}.log_batch_%s', p_slice);
    DELETE FROM ${schema}.partition_slice s WHERE s.slice = p_slice AND NOT s.needed;
    RETURN v_bytes;
END
$$;
COMMENT ON FUNCTION ${schema}.free_slice(int) IS
    'Gives back the space of a slice that is over and that no partition needs; answers the bytes it had on disk. TL009: it is needed. Waits 2 s at most for those who still read it.';

CREATE OR REPLACE FUNCTION ${schema}.drop_slice(p_slice int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '100ms'
AS $$
DECLARE
    v_used     boolean;
    v_function regprocedure;
BEGIN
    PERFORM ${schema}.check_past_slice(p_slice);
    IF to_regclass('${schema}.log_batch_' || p_slice) IS NULL THEN
        RETURN false;
    END IF;
    IF EXISTS (SELECT FROM ${schema}.partition_slice s WHERE s.slice = p_slice)
       OR EXISTS (SELECT FROM ${schema}.partition_head h WHERE h.slice = p_slice) THEN
        RETURN false;
    END IF;
    IF pg_relation_size(to_regclass('${schema}.producer_batch_' || p_slice)) > 0
       OR pg_relation_size(to_regclass('${schema}.idempotency_key_' || p_slice)) > 0 THEN
        RETURN false; -- forget_producers() comes first
    END IF;
    -- The foreign keys let this wait for whoever is about to use the slice, and fail when it does.
    BEGIN
        DELETE FROM ${schema}.slice s WHERE s.slice = p_slice;
        IF NOT FOUND THEN
            RETURN false; -- dropped by somebody else
        END IF;
    EXCEPTION WHEN foreign_key_violation THEN
        RETURN false;
    END;
    EXECUTE format('LOCK TABLE ONLY ${schema}.log_batch, ONLY ${schema}.log_batch_%s IN ACCESS EXCLUSIVE MODE', p_slice);
    EXECUTE format('SELECT EXISTS (SELECT FROM ${schema}.log_batch_%s)', p_slice) INTO v_used;
    IF v_used THEN
        RAISE EXCEPTION 'slice % has not been freed', p_slice USING ERRCODE = 'TL009';
    END IF;
    EXECUTE format(
        'DROP TABLE ${schema}.log_batch_%1$s, ${schema}.producer_batch_%1$s, ${schema}.idempotency_key_%1$s', p_slice);
    FOR v_function IN SELECT ${schema}.append_functions(p_slice) LOOP
        EXECUTE format('DROP FUNCTION %s', v_function);
    END LOOP;
    RETURN true;
END
$$;
COMMENT ON FUNCTION ${schema}.drop_slice(int) IS
    'Removes a slice that has been freed, whose producers are forgotten and that no partition refers to; false where one still does. Waits 100 ms at most for a lock, since queries over all slices wait behind it.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC;

-- Somewhere to append to, until the service makes slices of the length that it is configured for.
SELECT ${schema}.prepare_slices(interval '1 day', 2)
 WHERE NOT EXISTS (SELECT FROM ${schema}.slice);
