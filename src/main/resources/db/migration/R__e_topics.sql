-- Topics: made, given partitions, configured and deleted by functions of their own, so that an operator can take each right away.
-- Each locks the topic first, then its heads, then the one row of versions, so that none waits for another in a circle.

SET LOCAL lock_timeout = '2s';
LOCK TABLE ${schema}.slice IN SHARE ROW EXCLUSIVE MODE;

CREATE OR REPLACE FUNCTION ${schema}.add_partitions(p_topic_id uuid, p_from int, p_to int) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_slice int := ${schema}.current_slice();
BEGIN
    INSERT INTO ${schema}.partition_head (topic_id, partition, slice)
    SELECT p_topic_id, p.partition, v_slice
      FROM generate_series(p_from, p_to - 1) AS p (partition);
    -- Waits for other such changes to commit, so that versions follow commits.
    UPDATE ${schema}.topic_version SET version = version + 1;
END
$$;
COMMENT ON FUNCTION ${schema}.add_partitions(uuid, int, int) IS 'Gives a topic the partitions from one number up to, not including, another.';

CREATE OR REPLACE FUNCTION ${schema}.create_topic(p_name text, p_partition_count int DEFAULT 1, p_config jsonb DEFAULT '{}', p_created_by text DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_topic_id uuid;
BEGIN
    INSERT INTO ${schema}.topic (name, partition_count, config, created_by)
    VALUES (p_name, p_partition_count, p_config, p_created_by)
    ON CONFLICT (name) DO NOTHING
    RETURNING topic_id INTO v_topic_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'topic % exists', p_name USING ERRCODE = 'TL004';
    END IF;
    PERFORM ${schema}.add_partitions(v_topic_id, 0, p_partition_count);
    RETURN v_topic_id;
END
$$;
COMMENT ON FUNCTION ${schema}.create_topic(text, int, jsonb, text) IS
    'Creates a topic with its partitions and answers its id. The configuration holds what differs from the defaults, Kafka''s names to text values. The last argument is who creates it, where that is known. TL004: there is one of this name.';

CREATE OR REPLACE FUNCTION ${schema}.lock_topic(p_name text) RETURNS SETOF ${schema}.topic
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT t.* FROM ${schema}.topic t WHERE t.name = p_name FOR UPDATE
$$;
COMMENT ON FUNCTION ${schema}.lock_topic(text) IS
    'A topic, locked to the end of the transaction so that changes of one topic follow one another; no row where there is none.';

CREATE OR REPLACE FUNCTION ${schema}.grow_topic(p_name text, p_partition_count int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_topic ${schema}.topic;
BEGIN
    SELECT t.* INTO v_topic FROM ${schema}.lock_topic(p_name) t;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'topic % does not exist', p_name USING ERRCODE = 'TL003';
    END IF;
    IF (p_partition_count >= v_topic.partition_count) IS NOT TRUE THEN
        RAISE EXCEPTION 'topic % has % partitions, which cannot become fewer', p_name, v_topic.partition_count
            USING ERRCODE = 'TL005';
    END IF;
    UPDATE ${schema}.topic t SET partition_count = p_partition_count WHERE t.topic_id = v_topic.topic_id;
    PERFORM ${schema}.add_partitions(v_topic.topic_id, v_topic.partition_count, p_partition_count);
END
$$;
COMMENT ON FUNCTION ${schema}.grow_topic(text, int) IS
    'Gives a topic so many partitions in all. TL003: no such topic. TL005: it has more.';

CREATE OR REPLACE FUNCTION ${schema}.configure_topic(p_name text, p_config jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE ${schema}.topic t SET config = p_config WHERE t.name = p_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'topic % does not exist', p_name USING ERRCODE = 'TL003';
    END IF;
END
$$;
COMMENT ON FUNCTION ${schema}.configure_topic(text, jsonb) IS
    'Replaces the configuration of a topic: what it holds no longer has its default. TL003: no such topic.';

CREATE OR REPLACE FUNCTION ${schema}.delete_topic(p_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_topic_id uuid;
    v_tp_ids   bigint[];
BEGIN
    -- The slices of the last appends are to be seen, when they have ended.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'topics are deleted in the isolation level read committed' USING ERRCODE = 'TL001';
    END IF;
    SELECT t.topic_id INTO v_topic_id FROM ${schema}.lock_topic(p_name) t;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'topic % does not exist', p_name USING ERRCODE = 'TL003';
    END IF;
    SELECT coalesce(array_agg(l.tp_id), '{}')
      INTO v_tp_ids
      FROM (SELECT h.tp_id FROM ${schema}.partition_head h WHERE h.topic_id = v_topic_id ORDER BY h.tp_id FOR UPDATE) l;
    INSERT INTO ${schema}.retired_partition (tp_id, topic_id, end_bytes)
    SELECT h.tp_id, v_topic_id, coalesce(h.log_start_bytes + s.byte_size, h.log_start_bytes)
      FROM ${schema}.partition_head h
      LEFT JOIN ${schema}.log_state(v_tp_ids) s ON s.tp_id = h.tp_id
     WHERE h.topic_id = v_topic_id;
    UPDATE ${schema}.partition_slice s SET needed = false WHERE s.tp_id = ANY (v_tp_ids) AND s.needed;
    DELETE FROM ${schema}.partition_head h WHERE h.topic_id = v_topic_id;
    DELETE FROM ${schema}.topic t WHERE t.topic_id = v_topic_id;
    UPDATE ${schema}.topic_version SET version = version + 1;
END
$$;
COMMENT ON FUNCTION ${schema}.delete_topic(text) IS
    'Deletes a topic: nothing can be appended or read any more, and its name is free. Its partitions are retired, whose space is freed later. TL003: no such topic.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC;
