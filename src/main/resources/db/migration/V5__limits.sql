-- Bounds that the owner sets to what the role of the service can ask for, and a table on which the service tries whether it can write.

SET LOCAL lock_timeout = '2s';

CREATE TABLE trunkline.log_limit (
    min_slice_length interval NOT NULL DEFAULT '1 minute'
                     CHECK (min_slice_length >= interval '1 minute'),
    max_slice_length interval NOT NULL DEFAULT '7 days'
                     CHECK (max_slice_length BETWEEN min_slice_length AND interval '31 days'),
    max_time_ahead   interval NOT NULL DEFAULT '31 days'
                     CHECK (max_time_ahead BETWEEN max_slice_length AND interval '100 days'),
    max_purge_turn   interval NOT NULL DEFAULT '1 hour'
                     CHECK (max_purge_turn BETWEEN interval '5 minutes' AND interval '1 day')
);
CREATE UNIQUE INDEX log_limit_one_row ON trunkline.log_limit ((true));
COMMENT ON TABLE trunkline.log_limit IS
    'One row, which only the owner of the schema changes: what the role that the service runs as can ask for at most.';
COMMENT ON COLUMN trunkline.log_limit.min_slice_length IS 'The shortest slice that prepare_slices() makes.';
COMMENT ON COLUMN trunkline.log_limit.max_slice_length IS 'The longest slice that prepare_slices() makes. Space is freed a slice at a time.';
COMMENT ON COLUMN trunkline.log_limit.max_time_ahead IS 'The longest time that slices are made ahead for.';
COMMENT ON COLUMN trunkline.log_limit.max_purge_turn IS 'How long one turn to purge lasts at most, however often it is renewed.';

-- A log that has longer slices, or has them for a longer time, goes on with them.
INSERT INTO trunkline.log_limit (max_slice_length, max_time_ahead)
SELECT l.length, greatest(interval '31 days', l.length, l.ahead)
  FROM (SELECT least(interval '31 days', greatest(interval '7 days', max(s.length))) AS length,
               least(interval '100 days', coalesce(max(s.starts_at) + max(s.length) - trunkline.now(), interval '0')) AS ahead
          FROM (SELECT s.starts_at, s.starts_at - lag(s.starts_at) OVER (ORDER BY s.starts_at) AS length
                  FROM trunkline.slice s) s) l;

CREATE OR REPLACE FUNCTION trunkline.prepare_slices(p_length interval, p_ahead int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
DECLARE
    v_limit  trunkline.log_limit;
    v_slice  int;
    v_start  timestamptz;
    v_now    timestamptz := trunkline.now();
    v_made   int := 0;
BEGIN
    IF (p_length > interval '0' AND p_ahead BETWEEN 1 AND 100) IS NOT TRUE THEN
        RAISE EXCEPTION 'slices have a length, and 1 to 100 of them are made ahead' USING ERRCODE = 'TL400';
    END IF;
    SELECT l.* INTO STRICT v_limit FROM trunkline.log_limit l;
    IF (p_length BETWEEN v_limit.min_slice_length AND v_limit.max_slice_length
        AND p_ahead * p_length <= v_limit.max_time_ahead) IS NOT TRUE THEN
        RAISE EXCEPTION 'slices are % to % long, and made for at most % ahead (trunkline.log_limit)',
            v_limit.min_slice_length, v_limit.max_slice_length, v_limit.max_time_ahead
            USING ERRCODE = 'TL403';
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
COMMENT ON FUNCTION trunkline.prepare_slices IS
    'Makes the slices that are missing from now to p_ahead lengths from now; answers how many it made. TL403: outside the bounds of trunkline.log_limit.';

CREATE FUNCTION trunkline.bound_retention_turn() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := trunkline.now();
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
    SELECT least(NEW.held_until, NEW.started_at + l.max_purge_turn) INTO STRICT NEW.held_until FROM trunkline.log_limit l;
    IF (NEW.held_until >= v_now) IS NOT TRUE THEN
        RETURN NULL; -- The turn is over: nothing is renewed.
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION trunkline.bound_retention_turn IS
    'Ends a turn to purge after the time that trunkline.log_limit allows: beyond it a renewal changes no row.';
REVOKE ALL ON FUNCTION trunkline.bound_retention_turn FROM PUBLIC;

CREATE TRIGGER retention_turn_bound BEFORE UPDATE ON trunkline.retention_turn
    FOR EACH ROW EXECUTE FUNCTION trunkline.bound_retention_turn();

-- A row fills a page, so that each try needs a new one, and a full disk is seen. Vacuum gives the pages back.
CREATE TABLE trunkline.write_probe (
    filler text NOT NULL CHECK (octet_length(filler) <= 6000)
) WITH (autovacuum_vacuum_threshold = 20, autovacuum_vacuum_scale_factor = 0);
ALTER TABLE trunkline.write_probe ALTER COLUMN filler SET STORAGE PLAIN;
COMMENT ON TABLE trunkline.write_probe IS
    'Always empty: the service tries on it whether the database can be written, and rolls back.';

CREATE FUNCTION trunkline.refuse_probe() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'write_probe stays empty: roll back' USING ERRCODE = 'TL400';
END
$$;
COMMENT ON FUNCTION trunkline.refuse_probe IS 'Fails the commit of a row in write_probe.';
REVOKE ALL ON FUNCTION trunkline.refuse_probe FROM PUBLIC;

CREATE CONSTRAINT TRIGGER write_probe_stays_empty AFTER INSERT OR UPDATE ON trunkline.write_probe
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION trunkline.refuse_probe();

-- What the service makes at most: 100,000 records of a request, and 100 MiB of one record, with what arrays cost beside. Batches
-- that are there already are not looked at. Last, since appends wait for it.
ALTER TABLE trunkline.log_batch
    ADD CONSTRAINT log_batch_bounds CHECK (record_count <= 100000 AND byte_size <= 134217728) NOT VALID;
