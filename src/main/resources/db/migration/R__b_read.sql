-- Reading: where partitions begin and end, which offset a time has, and the log as SQL shows it.

SET LOCAL lock_timeout = '2s';
LOCK TABLE ${schema}.slice IN SHARE ROW EXCLUSIVE MODE;

CREATE OR REPLACE FUNCTION ${schema}.log_state(p_tp_ids bigint[] DEFAULT NULL)
RETURNS TABLE (
    tp_id               bigint,
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
          FROM ${schema}.partition_head h
          LEFT JOIN LATERAL (SELECT p.slice
                               FROM ${schema}.partition_slice p
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
                  JOIN ${schema}.partition_head h ON h.tp_id = i.tp_id
                  LEFT JOIN LATERAL (SELECT b.last_offset, b.running_byte_size
                                       FROM ${schema}.log_batch_%1$s b
                                      WHERE b.tp_id = h.tp_id AND b.last_offset >= h.log_start_offset
                                      ORDER BY b.last_offset DESC
                                      LIMIT 1) t ON true
                  LEFT JOIN LATERAL (SELECT b.max_timestamp, b.appended_at, b.byte_size
                                       FROM ${schema}.log_batch_%2$s b
                                      WHERE b.tp_id = h.tp_id AND b.last_offset >= h.log_start_offset
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
COMMENT ON FUNCTION ${schema}.log_state(bigint[]) IS
    'Where partitions begin and end, their bytes (0 where the size is not known), and of the batch at the log start the time that counts for retention and the bytes; nulls where there is none. Leaves out those that have moved to another slice meanwhile.';

CREATE OR REPLACE FUNCTION ${schema}.offset_for_time(p_tp_id bigint, p_timestamp bigint) RETURNS bigint
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
    SELECT h.log_start_offset INTO v_log_start FROM ${schema}.partition_head h WHERE h.tp_id = p_tp_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'partition % does not exist', p_tp_id USING ERRCODE = 'TL002';
    END IF;
    FOR v_slice IN SELECT s.slice FROM ${schema}.partition_slice s WHERE s.tp_id = p_tp_id ORDER BY s.slice LOOP
        -- The slice's last batch tells whether the time can lie in it.
        SELECT b.last_offset, b.running_max_timestamp INTO v_high, v_running
          FROM ${schema}.log_batch b
         WHERE b.slice = v_slice AND b.tp_id = p_tp_id
         ORDER BY b.last_offset DESC
         LIMIT 1;
        CONTINUE WHEN v_high IS NULL OR v_high < v_log_start OR v_running < p_timestamp;
        v_low := v_log_start;
        WHILE v_low < v_high LOOP
            v_middle := v_low + (v_high - v_low) / 2;
            SELECT b.last_offset, b.running_max_timestamp INTO v_last, v_running
              FROM ${schema}.log_batch b
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
              FROM ${schema}.log_batch b
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
COMMENT ON FUNCTION ${schema}.offset_for_time(bigint, bigint) IS
    'The first offset whose timestamp (milliseconds since the epoch) is not below the given one, as Kafka''s offsetsForTimes; null when there is none.';

CREATE OR REPLACE VIEW ${schema}.record AS
SELECT t.name AS topic,
       h.partition,
       b.base_offset + r.i - 1 AS "offset",
       to_timestamp(r."timestamp" / 1000.0) AS "timestamp",
       r.key,
       r.value,
       b.header_keys[x.first : x.first + b.header_counts[r.i] - 1] AS header_keys,
       b.header_values[x.first : x.first + b.header_counts[r.i] - 1] AS header_values
  FROM ${schema}.topic t
  JOIN ${schema}.partition_head h ON h.topic_id = t.topic_id
  JOIN ${schema}.partition_slice s ON s.tp_id = h.tp_id
  JOIN ${schema}.log_batch b ON b.slice = s.slice AND b.tp_id = h.tp_id AND b.last_offset >= h.log_start_offset
 CROSS JOIN LATERAL unnest(b.timestamps, b.keys, b.values) WITH ORDINALITY AS r ("timestamp", key, value, i)
 CROSS JOIN LATERAL (SELECT 1 + coalesce(sum(c), 0)::int AS first FROM unnest(b.header_counts[1 : r.i - 1]) AS c) AS x
 WHERE b.base_offset + r.i - 1 >= h.log_start_offset;
COMMENT ON VIEW ${schema}.record IS 'Every record that can be read. Give topic and partition; for a part of a long log use read().';

CREATE OR REPLACE FUNCTION ${schema}.read(p_topic text, p_partition int, p_from bigint, p_to bigint DEFAULT NULL)
RETURNS TABLE ("offset" bigint, "timestamp" timestamptz, key bytea, value bytea, header_keys text[], header_values bytea[])
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    v_topic_id  uuid;
    v_tp_id     bigint;
    v_slice     int;
    v_log_start bigint;
    v_end       bigint;
    v_to        bigint;
    v_rows      bigint;
BEGIN
    SELECT t.topic_id INTO v_topic_id FROM ${schema}.topic t WHERE t.name = p_topic;
    SELECT h.tp_id, h.slice, h.log_start_offset
      INTO v_tp_id, v_slice, v_log_start
      FROM ${schema}.partition_head h
     WHERE h.topic_id = v_topic_id AND h.partition = p_partition;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'topic % has no partition %', p_topic, p_partition USING ERRCODE = 'TL002';
    END IF;
    SELECT b.last_offset + 1
      INTO v_end
      FROM ${schema}.log_batch b
     WHERE b.slice = v_slice AND b.tp_id = v_tp_id
     ORDER BY b.last_offset DESC
     LIMIT 1;
    v_end := greatest(v_log_start, v_end);
    IF p_from < v_log_start OR p_from > v_end THEN
        RAISE EXCEPTION 'offset % is out of range: % to % can be read', p_from, v_log_start, v_end USING ERRCODE = 'TL007';
    END IF;
    v_to := least(p_to, v_end);
    RETURN QUERY
    SELECT b.base_offset + r.i - 1,
           to_timestamp(r.at / 1000.0),
           r.k,
           r.v,
           b.header_keys[x.first : x.first + b.header_counts[r.i] - 1],
           b.header_values[x.first : x.first + b.header_counts[r.i] - 1]
      FROM ${schema}.partition_slice s
      JOIN ${schema}.log_batch b ON b.slice = s.slice AND b.tp_id = s.tp_id
     CROSS JOIN LATERAL unnest(b.timestamps, b.keys, b.values) WITH ORDINALITY AS r (at, k, v, i)
     CROSS JOIN LATERAL (SELECT 1 + coalesce(sum(c), 0)::int AS first FROM unnest(b.header_counts[1 : r.i - 1]) AS c) AS x
     WHERE s.tp_id = v_tp_id
       AND s.slice >= coalesce((SELECT max(o.slice) FROM ${schema}.partition_slice o WHERE o.tp_id = v_tp_id AND o.base_offset <= p_from), 0)
       AND b.last_offset >= p_from
       AND b.base_offset < v_to
       AND b.base_offset + r.i - 1 >= p_from
       AND b.base_offset + r.i - 1 < v_to
     ORDER BY b.last_offset, r.i;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    IF v_rows <> greatest(0, v_to - p_from) THEN
        RAISE EXCEPTION 'offset % is out of range: records of partition % of topic % have been removed', p_from, p_partition, p_topic
            USING ERRCODE = 'TL007';
    END IF;
END
$$;

COMMENT ON FUNCTION ${schema}.read(text, int, bigint, bigint) IS
    'The records of a partition from offset p_from up to, not including, p_to (or the end). TL007: p_from is below the log start or beyond the end.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC;
