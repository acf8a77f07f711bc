-- Retention: what may go is decided here, by the topic's configuration; the role that the service runs as can only ask.
-- The log start moves first, and what lies below it is freed later: whole slices where nobody needs them any more, single
-- batches where somebody still does.

SET LOCAL lock_timeout = '2s';
LOCK TABLE ${schema}.slice IN SHARE ROW EXCLUSIVE MODE;

CREATE OR REPLACE FUNCTION ${schema}.purgeable() RETURNS SETOF bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now   timestamptz := ${schema}.log_now();
    v_ms    bigint := floor(extract(epoch FROM v_now) * 1000);
    v_slice int := ${schema}.current_slice(v_now);
BEGIN
    RETURN QUERY
    SELECT s.tp_id
      FROM ${schema}.log_state() s
      JOIN ${schema}.partition_head h ON h.tp_id = s.tp_id
      JOIN ${schema}.topic t ON t.topic_id = h.topic_id
     CROSS JOIN LATERAL (SELECT ${schema}.topic_setting(t.config, 'retention.ms')::bigint AS ms,
                                ${schema}.topic_setting(t.config, 'retention.bytes')::bigint AS bytes) r
     WHERE CASE
               WHEN s.log_start_offset = s.end_offset THEN h.slice < v_slice
               ELSE (r.ms >= 0 AND s.oldest_timestamp < v_ms - r.ms)
                    OR (r.bytes >= 0 AND s.byte_size - s.first_byte_size >= r.bytes)
           END
     UNION
    SELECT p.tp_id
      FROM (SELECT p.tp_id, p.needed, lead(p.base_offset) OVER (PARTITION BY p.tp_id ORDER BY p.slice) AS ends_at
              FROM ${schema}.partition_slice p) p
      JOIN ${schema}.partition_head h ON h.tp_id = p.tp_id
     WHERE p.needed AND p.ends_at <= h.log_start_offset
     ORDER BY 1;
END
$$;
COMMENT ON FUNCTION ${schema}.purgeable() IS
    'The partitions of which purge_partition() would remove records, or let go of a slice that they have nothing in.';

CREATE OR REPLACE FUNCTION ${schema}.move_log_start(
    p_tp_id bigint,
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
    v_now          timestamptz;
    v_head         ${schema}.partition_head;
    v_tail_offset  bigint;
    v_tail_bytes   bigint;
    v_bytes        bigint;
    v_time         timestamptz;
    v_slice        int;
    v_needed_from  int;
BEGIN
    IF (p_to >= 0 OR (p_to = -1 AND p_by_hand)) IS NOT TRUE THEN
        RAISE EXCEPTION 'the log start moves to an offset, or by hand with -1 to the end' USING ERRCODE = 'TL001';
    END IF;
    -- What follows the lock is read in later statements: under another isolation level that would be an old snapshot.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the log start moves in the isolation level read committed' USING ERRCODE = 'TL001';
    END IF;
    v_head := ${schema}.lock_head(p_tp_id, true);
    v_now := ${schema}.log_now();
    SELECT b.last_offset, b.running_byte_size, b.appended_at
      INTO v_tail_offset, v_tail_bytes, v_time
      FROM ${schema}.log_batch b
     WHERE b.slice = v_head.slice AND b.tp_id = p_tp_id AND b.last_offset >= v_head.log_start_offset
     ORDER BY b.last_offset DESC
     LIMIT 1;
    end_offset := greatest(v_head.log_start_offset, v_tail_offset + 1);
    IF p_to > end_offset THEN
        RAISE EXCEPTION 'offset % is out of range: partition % ends at %', p_to, p_tp_id, end_offset USING ERRCODE = 'TL007';
    END IF;
    log_start_offset := greatest(v_head.log_start_offset, CASE WHEN p_to = -1 THEN end_offset ELSE p_to END);
    v_slice := v_head.slice;
    IF log_start_offset = end_offset THEN
        v_bytes := coalesce(v_tail_bytes, v_head.log_start_bytes);
        -- Empty: whatever comes next goes to the current slice, and the old ones are needed no more.
        v_slice := greatest(v_head.slice, ${schema}.current_slice(v_now));
        v_needed_from := v_slice;
    ELSE
        SELECT s.slice INTO v_needed_from
          FROM ${schema}.partition_slice s
         WHERE s.tp_id = p_tp_id AND s.base_offset <= log_start_offset
         ORDER BY s.slice DESC
         LIMIT 1;
        SELECT b.running_byte_size - b.byte_size, b.appended_at
          INTO v_bytes, v_time
          FROM ${schema}.log_batch b
         WHERE b.slice = v_needed_from AND b.tp_id = p_tp_id AND b.last_offset >= log_start_offset
         ORDER BY b.last_offset
         LIMIT 1;
    END IF;
    v_bytes := greatest(v_bytes, v_head.log_start_bytes);
    purged_records := log_start_offset - v_head.log_start_offset;
    purged_bytes := v_bytes - v_head.log_start_bytes;
    IF purged_records > 0 OR v_slice <> v_head.slice THEN
        UPDATE ${schema}.partition_head h
           SET log_start_offset = move_log_start.log_start_offset,
               log_start_bytes = v_bytes,
               log_start_time = CASE WHEN p_by_hand THEN v_now ELSE coalesce(v_time, v_head.log_start_time) END,
               slice = v_slice
         WHERE h.tp_id = p_tp_id;
    END IF;
    UPDATE ${schema}.partition_slice s
       SET needed = false
     WHERE s.tp_id = p_tp_id AND s.slice < v_needed_from AND s.needed;
END
$$;
COMMENT ON FUNCTION ${schema}.move_log_start(bigint, bigint, boolean) IS
    'Moves the log start of a partition forward, by hand with -1 to the end, and marks the slices that it needs no more. TL002: no such partition. TL007: beyond the end.';

CREATE OR REPLACE FUNCTION ${schema}.purge_partition(
    p_tp_id bigint,
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
    v_topic_id     uuid;
    v_ms           bigint;
    v_bytes        bigint;
    v_head         ${schema}.partition_head;
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
    SELECT h.topic_id INTO v_topic_id FROM ${schema}.partition_head h WHERE h.tp_id = p_tp_id;
    -- Shared with other readers of the configuration; who changes it waits until this has committed.
    SELECT ${schema}.topic_setting(t.config, 'retention.ms')::bigint, ${schema}.topic_setting(t.config, 'retention.bytes')::bigint
      INTO v_ms, v_bytes
      FROM ${schema}.topic t
     WHERE t.topic_id = v_topic_id
       FOR SHARE;
    IF NOT FOUND THEN
        RETURN; -- deleted
    END IF;
    -- Without the partition's lock: what is expired stays so, and producers wait for the move only.
    SELECT h.* INTO v_head FROM ${schema}.partition_head h WHERE h.tp_id = p_tp_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT b.running_byte_size INTO v_running_bytes
      FROM ${schema}.log_batch b
     WHERE b.slice = v_head.slice AND b.tp_id = p_tp_id
     ORDER BY b.last_offset DESC
     LIMIT 1;
    v_cutoff := CASE WHEN v_ms >= 0 THEN floor(extract(epoch FROM ${schema}.log_now()) * 1000)::bigint - v_ms END;
    v_most_bytes := CASE WHEN v_bytes >= 0 THEN v_running_bytes - v_bytes END;
    v_target := v_head.log_start_offset;
    IF v_cutoff IS NOT NULL OR v_most_bytes IS NOT NULL THEN
        FOR v_slice IN
            SELECT s.slice FROM ${schema}.partition_slice s WHERE s.tp_id = p_tp_id AND s.needed ORDER BY s.slice
        LOOP
            SELECT b.last_offset, b.running_max_timestamp, b.running_byte_size
              INTO v_high, v_running_max, v_running_bytes
              FROM ${schema}.log_batch b
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
                  FROM ${schema}.log_batch b
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
                      FROM ${schema}.log_batch b
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
                      FROM ${schema}.log_batch b
                     WHERE b.slice = v_slice AND b.tp_id = p_tp_id AND b.last_offset BETWEEN v_low AND v_slice_last
                     ORDER BY b.last_offset
                     LIMIT c_most_batches) n;
            more := v_batches = c_most_batches;
            EXIT WHEN more;
        END LOOP;
    END IF;
    SELECT m.log_start_offset, m.purged_records, m.purged_bytes
      INTO log_start_offset, purged_records, purged_bytes
      FROM ${schema}.move_log_start(p_tp_id, v_target, false) m;
END
$$;
COMMENT ON FUNCTION ${schema}.purge_partition(bigint) IS
    'Moves the log start of a partition past what its topic''s retention.ms and retention.bytes do not keep, batch by batch from the oldest on, and never further; answers what that was, and whether there is more. The time of a batch is its largest timestamp, or that of its append where it lies in the future of that.';

CREATE OR REPLACE FUNCTION ${schema}.delete_records(
    p_tp_id  bigint,
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
        RAISE EXCEPTION 'records are deleted before an offset, or all of them with -1' USING ERRCODE = 'TL001';
    END IF;
    SELECT m.log_start_offset, m.end_offset
      INTO log_start_offset, end_offset
      FROM ${schema}.move_log_start(p_tp_id, p_before, true) m;
END
$$;
COMMENT ON FUNCTION ${schema}.delete_records(bigint, bigint) IS
    'Deletes the records of a partition before an offset, or all with -1, as Kafka''s DeleteRecords: moves its log start there, unless that is further already. TL002: no such partition. TL007: beyond the end.';

CREATE OR REPLACE FUNCTION ${schema}.free_batches(
    p_tp_id bigint,
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
    v_place ${schema}.partition_slice;
    v_below bigint;
    v_last  bigint;
    v_freed bigint;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'batches are freed in the isolation level read committed' USING ERRCODE = 'TL001';
    END IF;
    IF (p_most_batches BETWEEN 1 AND 100000 AND p_most_bytes >= 1) IS NOT TRUE THEN
        RAISE EXCEPTION 'batches are freed 1 to 100000 at a time' USING ERRCODE = 'TL001';
    END IF;
    batches := 0;
    bytes := 0;
    done := true;
    SELECT s.* INTO v_place FROM ${schema}.partition_slice s WHERE s.tp_id = p_tp_id AND s.slice = p_slice;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT h.log_start_offset INTO v_below FROM ${schema}.partition_head h WHERE h.tp_id = p_tp_id;
    IF NOT FOUND THEN
        -- Of a deleted topic all goes. Whatever has neither a head nor a grave stays.
        PERFORM FROM ${schema}.retired_partition r WHERE r.tp_id = p_tp_id;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        v_below := 9223372036854775807;
    END IF;
    BEGIN
        EXECUTE format('LOCK TABLE ${schema}.log_batch_%s IN ROW EXCLUSIVE MODE', p_slice);
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
                          FROM ${schema}.log_batch_%s b
                         WHERE b.tp_id = $1 AND b.last_offset >= $2 AND b.last_offset < $3
                         ORDER BY b.last_offset
                         LIMIT $4) b) n
         WHERE n.before < $5
        $query$, p_slice)
       INTO batches, v_last, bytes, v_freed
      USING p_tp_id, v_place.freed_offset, v_below, p_most_batches, p_most_bytes;
    IF batches > 0 THEN
        EXECUTE format(
            'DELETE FROM ${schema}.log_batch_%s b WHERE b.tp_id = $1 AND b.last_offset >= $2 AND b.last_offset <= $3', p_slice)
          USING p_tp_id, v_place.freed_offset, v_last;
    END IF;
    done := batches < p_most_batches AND bytes < p_most_bytes;
    IF done AND NOT v_place.needed THEN
        DELETE FROM ${schema}.partition_slice s WHERE s.tp_id = p_tp_id AND s.slice = p_slice AND NOT s.needed;
    ELSE
        UPDATE ${schema}.partition_slice s
           SET freed_offset = greatest(s.freed_offset, CASE WHEN done THEN v_below ELSE v_last + 1 END),
               freed_bytes = greatest(s.freed_bytes, v_freed)
         WHERE s.tp_id = p_tp_id AND s.slice = p_slice;
    END IF;
    -- What is lost of this when PostgreSQL crashes is done again.
    PERFORM set_config('synchronous_commit', 'off', true);
END
$$;
COMMENT ON FUNCTION ${schema}.free_batches(bigint, int, int, bigint) IS
    'Deletes batches of a partition in a slice that lie wholly below its log start, or any of a deleted topic, oldest first, up to a number of batches and (but for the last) bytes; answers how many, and whether nothing is left. For slices that others still need.';

CREATE OR REPLACE FUNCTION ${schema}.forget_retired() RETURNS int
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH forgotten AS (
        DELETE FROM ${schema}.retired_partition r
         WHERE NOT EXISTS (SELECT FROM ${schema}.partition_slice s WHERE s.tp_id = r.tp_id)
        RETURNING 1
    )
    SELECT count(*)::int FROM forgotten
$$;
COMMENT ON FUNCTION ${schema}.forget_retired() IS 'Forgets the partitions of deleted topics whose space has been freed.';

CREATE OR REPLACE FUNCTION ${schema}.bound_retention_lease() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := ${schema}.log_now();
BEGIN
    IF NEW.holder IS NULL THEN
        RETURN NEW;
    END IF;
    -- A turn that goes on began when it began, whoever renews or takes it.
    NEW.started_at := CASE
        WHEN OLD.started_at <= v_now
             AND (OLD.held_until >= v_now OR (NEW.holder = OLD.holder AND NEW.started_at = OLD.started_at))
        THEN OLD.started_at
        ELSE v_now
    END;
    SELECT least(NEW.held_until, NEW.started_at + l.max_purge_turn) INTO STRICT NEW.held_until FROM ${schema}.log_limit l;
    IF (NEW.held_until >= v_now) IS NOT TRUE THEN
        RETURN NULL; -- The turn is over: nothing is renewed.
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ${schema}.bound_retention_lease() IS
    'Ends a turn to purge after the time that ${schema}.log_limit allows: beyond it a renewal changes no row.';

CREATE OR REPLACE TRIGGER retention_lease_bound BEFORE UPDATE ON ${schema}.retention_lease
    FOR EACH ROW EXECUTE FUNCTION ${schema}.bound_retention_lease();

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC;
