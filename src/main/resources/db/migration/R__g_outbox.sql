-- The outbox: records that are written in any transaction without holding a partition, and moved to the log once it has committed.

SET LOCAL lock_timeout = '2s';
LOCK TABLE ${schema}.slice IN SHARE ROW EXCLUSIVE MODE;

CREATE OR REPLACE FUNCTION ${schema}.outbox_check(
    p_topic       ${schema}.topic,
    p_key_bytes   int,
    p_value_bytes int,
    p_headers     jsonb,
    p_created_at  timestamptz,
    OUT reason    text,
    OUT bytes     bigint
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c_max_key     CONSTANT int := 65536;
    c_max_headers CONSTANT int := 1000;
    -- A batch holds no more.
    c_max_bytes   CONSTANT bigint := 104857600;
    v_text        text;
    v_max         bigint;
BEGIN
    bytes := coalesce(p_key_bytes, 0)::bigint + coalesce(p_value_bytes, 0);
    IF p_topic.topic_id IS NULL THEN
        reason := 'the topic does not exist';
        RETURN;
    END IF;
    IF p_key_bytes > c_max_key THEN
        reason := format('the key has more than %s bytes', c_max_key);
        RETURN;
    END IF;
    IF (p_created_at >= timestamptz '1970-01-01 00:00:00Z' AND p_created_at < timestamptz '10000-01-01 00:00:00Z') IS NOT TRUE THEN
        reason := 'created_at is not a time from 1970 to 9999';
        RETURN;
    END IF;
    IF p_headers IS NOT NULL THEN
        IF jsonb_typeof(p_headers) <> 'array' THEN
            reason := 'headers must be an array of {"key": text, "value": base64 or null}';
            RETURN;
        END IF;
        IF jsonb_array_length(p_headers) > c_max_headers THEN
            reason := format('there are more than %s headers', c_max_headers);
            RETURN;
        END IF;
        IF EXISTS (SELECT FROM jsonb_array_elements(p_headers) AS h
                    WHERE jsonb_typeof(h) <> 'object'
                       OR jsonb_typeof(h -> 'key') IS DISTINCT FROM 'string'
                       OR jsonb_typeof(h -> 'value') NOT IN ('string', 'null')) THEN
            reason := 'headers must be an array of {"key": text, "value": base64 or null}';
            RETURN;
        END IF;
        BEGIN
            bytes := bytes + coalesce((
                SELECT sum(octet_length(h ->> 'key') + coalesce(octet_length(decode(h ->> 'value', 'base64')), 0))
                  FROM jsonb_array_elements(p_headers) AS h), 0);
        EXCEPTION WHEN data_exception THEN
            reason := 'the value of a header is not base64';
            RETURN;
        END;
    END IF;
    v_text := ${schema}.topic_setting(p_topic.config, 'max.message.bytes');
    v_max := CASE WHEN v_text ~ '^[0-9]{1,18}$' THEN least(v_text::bigint, c_max_bytes) ELSE 0 END;
    IF bytes > v_max THEN
        reason := format('the record has %s bytes, the topic takes at most %s (max.message.bytes)', bytes, v_max);
    END IF;
END
$$;
COMMENT ON FUNCTION ${schema}.outbox_check(${schema}.topic, int, int, jsonb, timestamptz) IS
    'Why a record cannot be appended to a topic, null where it can, and how large it is.';

CREATE OR REPLACE FUNCTION ${schema}.enqueue(p_topic text, p_key bytea, p_value bytea, p_headers jsonb DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_topic  ${schema}.topic;
    v_reason text;
    v_id     bigint;
BEGIN
    SELECT t.* INTO v_topic FROM ${schema}.topic t WHERE t.name = p_topic;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'topic % does not exist', p_topic USING ERRCODE = 'TL003';
    END IF;
    SELECT c.reason
      INTO v_reason
      FROM ${schema}.outbox_check(v_topic, octet_length(p_key), octet_length(p_value), p_headers, clock_timestamp()) c;
    IF v_reason IS NOT NULL THEN
        RAISE EXCEPTION 'topic %: %', p_topic, v_reason
            USING ERRCODE = CASE WHEN v_reason LIKE '%max.message.bytes%' THEN 'TL006' ELSE 'TL001' END;
    END IF;
    INSERT INTO ${schema}.outbox (topic, key, value, headers) VALUES (p_topic, p_key, p_value, p_headers)
    RETURNING outbox_id INTO v_id;
    RETURN v_id;
END
$$;
COMMENT ON FUNCTION ${schema}.enqueue(text, bytea, bytea, jsonb) IS
    'Puts a record into the outbox, in the caller''s transaction. Locks no partition; the service appends the record after the commit. Headers as over HTTP.';

CREATE OR REPLACE FUNCTION ${schema}.enqueue(p_topic text, p_key text, p_value text, p_headers jsonb DEFAULT NULL) RETURNS bigint
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ${schema}.enqueue(p_topic, convert_to(p_key, 'UTF8'), convert_to(p_value, 'UTF8'), p_headers)
$$;
COMMENT ON FUNCTION ${schema}.enqueue(text, text, text, jsonb) IS 'Puts a record into the outbox whose key and value are text, stored as UTF-8.';

CREATE OR REPLACE FUNCTION ${schema}.outbox_append(p_tp_id bigint, p_ids bigint[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_keys          bytea[];
    v_values        bytea[];
    v_timestamps    bigint[];
    v_header_counts int[];
    v_header_keys   text[];
    v_header_values bytea[];
BEGIN
    SELECT CASE WHEN count(o.key) > 0 THEN array_agg(o.key ORDER BY o.outbox_id) END,
           array_agg(o.value ORDER BY o.outbox_id),
           CASE WHEN min(${schema}.topic_setting(t.config, 'message.timestamp.type')) <> 'LogAppendTime'
               THEN array_agg(floor(extract(epoch FROM o.created_at) * 1000)::bigint ORDER BY o.outbox_id)
           END,
           CASE WHEN sum(jsonb_array_length(o.headers)) > 0
               THEN array_agg(coalesce(jsonb_array_length(o.headers), 0) ORDER BY o.outbox_id)
           END
      INTO v_keys, v_values, v_timestamps, v_header_counts
      FROM ${schema}.outbox o
      JOIN ${schema}.topic t ON t.name = o.topic
     WHERE o.outbox_id = ANY (p_ids);
    IF v_header_counts IS NOT NULL THEN
        SELECT array_agg(h.e ->> 'key' ORDER BY o.outbox_id, h.i),
               array_agg(decode(h.e ->> 'value', 'base64') ORDER BY o.outbox_id, h.i)
          INTO v_header_keys, v_header_values
          FROM ${schema}.outbox o
         CROSS JOIN LATERAL jsonb_array_elements(o.headers) WITH ORDINALITY AS h (e, i)
         WHERE o.outbox_id = ANY (p_ids);
    END IF;
    PERFORM ${schema}.append(p_tp_id, v_timestamps, v_keys, v_values, v_header_counts, v_header_keys, v_header_values);
    DELETE FROM ${schema}.outbox o WHERE o.outbox_id = ANY (p_ids);
END
$$;
COMMENT ON FUNCTION ${schema}.outbox_append(bigint, bigint[]) IS 'Appends rows of the outbox to a partition in their order, and removes them.';

CREATE OR REPLACE FUNCTION ${schema}.outbox_refuse(p_ids bigint[], p_reason text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    WITH gone AS (
        DELETE FROM ${schema}.outbox o WHERE o.outbox_id = ANY (p_ids) RETURNING o.*
    )
    INSERT INTO ${schema}.outbox_refused (outbox_id, topic, key, value, headers, created_at, reason)
    SELECT g.outbox_id, g.topic, g.key, g.value, g.headers, g.created_at, p_reason
      FROM gone g
     ORDER BY g.outbox_id
$$;
COMMENT ON FUNCTION ${schema}.outbox_refuse(bigint[], text) IS 'Puts rows of the outbox aside that cannot become records.';

CREATE OR REPLACE FUNCTION ${schema}.move_outbox(
    p_max_rows  int,
    p_max_bytes bigint,
    OUT moved   int,
    OUT refused int,
    OUT held    int
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_seed   int := floor(random() * 2147483647)::int;
    v_part   record;
    v_id     bigint;
    v_locked int;
BEGIN
    IF (p_max_rows BETWEEN 1 AND 10000 AND p_max_bytes BETWEEN 1 AND 67108864) IS NOT TRUE THEN
        RAISE EXCEPTION 'a turn moves up to 10000 rows and 67108864 bytes' USING ERRCODE = 'TL001';
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'rows are moved at the isolation level read committed' USING ERRCODE = 'TL001';
    END IF;
    moved := 0;
    refused := 0;
    held := 0;
    -- An empty outbox is left alone: a lock would be written.
    PERFORM FROM ${schema}.outbox ORDER BY outbox_id LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- One turn after the other, and each begins with the first row: a row may have committed long after those behind it.
    PERFORM FROM ${schema}.outbox_mover FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        moved := NULL;
        refused := NULL;
        held := NULL;
        RETURN;
    END IF;
    FOR v_part IN
        WITH checked AS MATERIALIZED (
            SELECT o.outbox_id, o.key IS NULL AS keyless, t.topic_id, t.partition_count, c.reason,
                   -- What it takes to choose a partition grows with the key.
                   sum(64 + c.bytes + CASE WHEN c.reason IS NULL THEN 32 * coalesce(octet_length(o.key), 0) ELSE 0 END)
                       OVER (ORDER BY o.outbox_id) AS bytes,
                   row_number() OVER (ORDER BY o.outbox_id) AS number
              FROM (SELECT * FROM ${schema}.outbox ORDER BY outbox_id LIMIT p_max_rows) o
              LEFT JOIN ${schema}.topic t ON t.name = o.topic
             CROSS JOIN LATERAL ${schema}.outbox_check(t, octet_length(o.key), octet_length(o.value), o.headers, o.created_at) c
        ), placed AS MATERIALIZED (
            SELECT c.outbox_id, c.reason, c.topic_id,
                   CASE
                       WHEN c.reason IS NOT NULL THEN NULL
                       -- Rows without a key all go to one partition of their topic in a turn.
                       WHEN c.keyless THEN v_seed % c.partition_count
                       ELSE ${schema}.murmur2((SELECT o.key || ''::bytea FROM ${schema}.outbox o WHERE o.outbox_id = c.outbox_id))
                           % c.partition_count
                   END AS partition
              FROM checked c
             WHERE c.bytes <= p_max_bytes OR c.number = 1
        )
        SELECT p.reason, h.tp_id, count(*)::int AS count, array_agg(p.outbox_id ORDER BY p.outbox_id) AS ids
          FROM placed p
          LEFT JOIN ${schema}.partition_head h ON h.topic_id = p.topic_id AND h.partition = p.partition
         GROUP BY p.reason, h.tp_id
         ORDER BY h.tp_id
    LOOP
        -- Nobody waits while holding others: rows that somebody locks stay until the next turn, and so do those of a partition that
        -- somebody writes to.
        v_locked := 0;
        FOR v_id IN SELECT o.outbox_id FROM ${schema}.outbox o WHERE o.outbox_id = ANY (v_part.ids) FOR UPDATE SKIP LOCKED LOOP
            v_locked := v_locked + 1;
        END LOOP;
        IF v_locked < v_part.count THEN
            held := held + v_part.count;
            CONTINUE;
        END IF;
        IF v_part.reason IS NOT NULL THEN
            PERFORM ${schema}.outbox_refuse(v_part.ids, v_part.reason);
            refused := refused + v_part.count;
            CONTINUE;
        END IF;
        PERFORM FROM ${schema}.partition_head h WHERE h.tp_id = v_part.tp_id FOR NO KEY UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            held := held + v_part.count;
            CONTINUE;
        END IF;
        BEGIN
            PERFORM ${schema}.outbox_append(v_part.tp_id, v_part.ids);
            moved := moved + v_part.count;
        EXCEPTION WHEN check_violation OR program_limit_exceeded OR data_exception OR SQLSTATE 'TL001' THEN
            -- Some row does not fit for a reason that was not foreseen: all but that become records.
            FOREACH v_id IN ARRAY v_part.ids LOOP
                BEGIN
                    PERFORM ${schema}.outbox_append(v_part.tp_id, ARRAY[v_id]);
                    moved := moved + 1;
                EXCEPTION WHEN check_violation OR program_limit_exceeded OR data_exception OR SQLSTATE 'TL001' THEN
                    PERFORM ${schema}.outbox_refuse(ARRAY[v_id], SQLERRM);
                    refused := refused + 1;
                END;
            END LOOP;
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ${schema}.move_outbox(int, bigint) IS
    'Moves the first rows of the outbox to the log, in one transaction and in their order; answers how many, how many it had to refuse, and how many stay because somebody holds them or their partition. Nulls where somebody else moves rows now.';

CREATE OR REPLACE FUNCTION ${schema}.capture_change(
    p_topic   text,
    p_schema  text,
    p_table   text,
    p_change  text,
    p_old_key text,
    p_new_key text,
    p_before  text,
    p_after   text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_key        text := coalesce(p_new_key, p_old_key);
    -- Attributes of CloudEvents 1.0, as its binding for Kafka has them.
    v_attributes text[];
    v_headers    jsonb;
BEGIN
    IF p_change = 'updated' AND p_old_key IS DISTINCT FROM p_new_key THEN
        -- The row of one key goes and that of another comes: readers who keep the last event of each key are right.
        PERFORM ${schema}.capture_change(p_topic, p_schema, p_table, 'deleted', p_old_key, NULL, p_before, NULL);
        PERFORM ${schema}.capture_change(p_topic, p_schema, p_table, 'inserted', NULL, p_new_key, NULL, p_after);
        RETURN;
    END IF;
    v_attributes := ARRAY[
        'ce_specversion', '1.0',
        'ce_id', gen_random_uuid()::text,
        'ce_source', format('/postgresql/%s/%s/%s', current_database(), p_schema, p_table),
        'ce_type', 'io.trunkline.row.' || p_change,
        'ce_time', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'content-type', 'application/json'];
    IF v_key <> '' THEN
        v_attributes := v_attributes || ARRAY['ce_subject', v_key, 'ce_partitionkey', v_key];
    END IF;
    SELECT jsonb_agg(jsonb_build_object(
               'key', v_attributes[i],
               'value', replace(encode(convert_to(v_attributes[i + 1], 'UTF8'), 'base64'), E'\n', '')) ORDER BY i)
      INTO v_headers
      FROM generate_series(1, cardinality(v_attributes), 2) AS i;
    PERFORM ${schema}.enqueue(
        p_topic,
        convert_to(v_key, 'UTF8'),
        CASE WHEN p_change <> 'truncated' THEN
            convert_to('{"before":' || coalesce(p_before, 'null') || ',"after":' || coalesce(p_after, 'null') || '}', 'UTF8')
        END,
        v_headers);
END
$$;
COMMENT ON FUNCTION ${schema}.capture_change(text, text, text, text, text, text, text, text) IS
    'Puts a change of a row into the outbox, as a CloudEvent in the binary mode of Kafka. Called by the triggers of capture().';

CREATE OR REPLACE FUNCTION ${schema}.capture(p_table regclass, topic text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_columns  text[];
    v_keys     text;
    v_function text;
BEGIN
    IF (SELECT c.relnamespace = '${schema}'::regnamespace OR c.relkind NOT IN ('r', 'p') FROM pg_class c WHERE c.oid = p_table) THEN
        RAISE EXCEPTION 'only tables outside the schema of the log can be captured' USING ERRCODE = 'TL001';
    END IF;
    SELECT array_agg(a.attname::text ORDER BY k.i)
      INTO v_columns
      FROM pg_index x
     CROSS JOIN LATERAL unnest(x.indkey::int2[]) WITH ORDINALITY AS k (attnum, i)
      JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
     WHERE x.indrelid = p_table AND x.indisprimary AND k.i <= x.indnkeyatts;
    v_keys := CASE
        WHEN v_columns IS NULL THEN 'NULL'
        WHEN cardinality(v_columns) = 1 THEN format('{row}.%I::text', v_columns[1])
        ELSE (SELECT 'json_build_array(' || string_agg(format('{row}.%I', c.name), ', ' ORDER BY c.i) || ')::text'
                FROM unnest(v_columns) WITH ORDINALITY AS c (name, i))
    END;
    PERFORM ${schema}.uncapture(p_table);
    SELECT format('%I.%I', n.nspname, 'trunkline_capture_' || c.oid)
      INTO v_function
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = p_table;
    -- It belongs to whoever captures the table, and so does what it may do: rows have types whose own functions it calls.
    EXECUTE format($create$
        CREATE FUNCTION %1$s() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp
        AS $body$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                PERFORM ${schema}.capture_change(
                    %2$L, TG_TABLE_SCHEMA, TG_TABLE_NAME, 'inserted', NULL, %4$s, NULL, row_to_json(NEW)::text);
            ELSIF TG_OP = 'UPDATE' THEN
                PERFORM ${schema}.capture_change(
                    %2$L, TG_TABLE_SCHEMA, TG_TABLE_NAME, 'updated', %3$s, %4$s, row_to_json(OLD)::text, row_to_json(NEW)::text);
            ELSIF TG_OP = 'DELETE' THEN
                PERFORM ${schema}.capture_change(
                    %2$L, TG_TABLE_SCHEMA, TG_TABLE_NAME, 'deleted', %3$s, NULL, row_to_json(OLD)::text, NULL);
            ELSE
                PERFORM ${schema}.capture_change(%2$L, TG_TABLE_SCHEMA, TG_TABLE_NAME, 'truncated', NULL, NULL, NULL, NULL);
            END IF;
            RETURN NULL;
        END
        $body$
        $create$, v_function, capture.topic, replace(v_keys, '{row}', 'OLD'), replace(v_keys, '{row}', 'NEW'));
    EXECUTE format('REVOKE ALL ON FUNCTION %s() FROM PUBLIC', v_function);
    EXECUTE format(
        'CREATE TRIGGER trunkline_capture AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION %s()',
        p_table, v_function);
    EXECUTE format(
        'CREATE TRIGGER trunkline_capture_truncate AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION %s()',
        p_table, v_function);
END
$$;
COMMENT ON FUNCTION ${schema}.capture(regclass, text) IS
    'From now on each change of a row of a table becomes a CloudEvent of a topic, in the transaction of the change. The caller owns the table, and may make functions in its schema.';

CREATE OR REPLACE FUNCTION ${schema}.uncapture(p_table regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_function text;
BEGIN
    EXECUTE format('DROP TRIGGER IF EXISTS trunkline_capture ON %s', p_table);
    EXECUTE format('DROP TRIGGER IF EXISTS trunkline_capture_truncate ON %s', p_table);
    SELECT format('%I.%I', n.nspname, 'trunkline_capture_' || c.oid)
      INTO v_function
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = p_table;
    EXECUTE format('DROP FUNCTION IF EXISTS %s()', v_function);
END
$$;
COMMENT ON FUNCTION ${schema}.uncapture(regclass) IS 'Ends what capture() began. What is in the outbox is still moved.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC;
