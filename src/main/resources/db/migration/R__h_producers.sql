-- Idempotent producers and idempotency keys: what the append functions ask about the parts of an append, and for how long that is
-- remembered.

SET LOCAL lock_timeout = '2s';
LOCK TABLE ${schema}.slice IN SHARE ROW EXCLUSIVE MODE;

-- A part of an append is the records of one request. Parts that are appended on terms are told to the append function one by one:
-- those of a producer, which follow one another; those of a request with an idempotency key; those that need a certain end offset.
CREATE OR REPLACE FUNCTION ${schema}.check_parts(
    p_partitions       int,
    p_counts           int[],
    p_total            int,
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
    p_max_bytes        int[]
) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
    v_parts int := cardinality(p_part_partitions);
BEGIN
    IF (v_parts >= 1
        AND array_ndims(p_part_partitions) = 1
        AND array_lower(p_part_partitions, 1) = 1
        AND cardinality(p_part_firsts) = v_parts
        AND cardinality(p_part_counts) = v_parts
        AND (SELECT bool_and(p.first >= 0
                             AND p.count >= 1
                             AND p.first + p.count <= CASE WHEN p_partitions = 1 THEN p_total ELSE p_counts[p.partition] END
                             AND (p.partition_before IS NULL
                                  OR p.partition > p.partition_before
                                  OR (p.partition = p.partition_before AND p.first >= p.end_before)))
               FROM (SELECT i.partition,
                            i.first,
                            i.count,
                            lag(i.partition) OVER w AS partition_before,
                            lag(i.first + i.count) OVER w AS end_before
                       FROM unnest(p_part_partitions, p_part_firsts, p_part_counts) WITH ORDINALITY AS i (partition, first, count, n)
                     WINDOW w AS (ORDER BY i.n)) p
              WHERE p.partition BETWEEN 1 AND p_partitions
             HAVING count(*) = v_parts)) IS NOT TRUE THEN
        RAISE EXCEPTION 'parts name records of the partitions, in order' USING ERRCODE = 'TL001';
    END IF;
    IF (p_expected_ends IS NULL OR (cardinality(p_expected_ends) = v_parts AND array_position(p_expected_ends, NULL) IS NULL)) IS NOT TRUE THEN
        RAISE EXCEPTION 'expected ends must be null or hold one element a part' USING ERRCODE = 'TL001';
    END IF;
    IF num_nulls(p_producer_ids, p_producer_epochs, p_base_sequences) NOT IN (0, 3)
       OR (p_producer_ids IS NULL
           OR (cardinality(p_producer_ids) = v_parts
               AND cardinality(p_producer_epochs) = v_parts
               AND cardinality(p_base_sequences) = v_parts
               AND array_position(p_producer_ids, NULL) IS NULL
               AND array_position(p_producer_epochs, NULL) IS NULL
               AND array_position(p_base_sequences, NULL) IS NULL)) IS NOT TRUE THEN
        RAISE EXCEPTION 'producer ids, epochs and sequences come together, one element a part' USING ERRCODE = 'TL001';
    END IF;
    IF num_nulls(p_key_ids, p_fingerprints, p_partition_counts, p_max_bytes) NOT IN (0, 4)
       OR (p_key_ids IS NULL
           OR (cardinality(p_key_ids) = v_parts
               AND array_ndims(p_key_ids) = 1
               AND array_lower(p_key_ids, 1) = 1
               AND cardinality(p_fingerprints) = v_parts
               AND cardinality(p_partition_counts) = v_parts
               AND cardinality(p_max_bytes) = v_parts)) IS NOT TRUE THEN
        RAISE EXCEPTION 'keys, fingerprints and plans come together, one element a part' USING ERRCODE = 'TL001';
    END IF;
    RETURN v_parts;
END
$$;
COMMENT ON FUNCTION ${schema}.check_parts(int, int[], int, int[], int[], int[], bigint[], bigint[], int[], int[], bytea[], bytea[], int[], int[]) IS
    'Fails where the parts of an append do not fit it or one another; returns how many there are.';

CREATE OR REPLACE FUNCTION ${schema}.producer_verdict(
    p_slices        int[],
    p_tp_id         bigint,
    p_producer_id   bigint,
    p_epoch         int,
    p_base_sequence int,
    p_count         int,
    OUT verdict     int,
    OUT base_offset bigint,
    OUT appended_at timestamptz
)
LANGUAGE plpgsql
AS $$
DECLARE
    c_remembered CONSTANT int := 5;
    v_seen  int := 0;
    v_slice int;
    v_batch ${schema}.producer_batch;
BEGIN
    FOREACH v_slice IN ARRAY p_slices LOOP
        FOR v_batch IN EXECUTE format(
            'SELECT b.* FROM ${schema}.producer_batch_%s b'
            ' WHERE b.tp_id = $1 AND b.producer_id = $2 ORDER BY b.last_offset DESC LIMIT $3', v_slice)
            USING p_tp_id, p_producer_id, c_remembered - v_seen
        LOOP
            IF v_seen = 0 THEN
                IF p_epoch <> v_batch.producer_epoch THEN
                    verdict := CASE WHEN p_epoch < v_batch.producer_epoch THEN 3 WHEN p_base_sequence = 0 THEN 0 ELSE 2 END;
                    RETURN;
                END IF;
                IF p_base_sequence = (v_batch.base_sequence::bigint + v_batch.record_count) % 2147483648 THEN
                    verdict := 0;
                    RETURN;
                END IF;
            END IF;
            v_seen := v_seen + 1;
            IF v_batch.producer_epoch = p_epoch AND v_batch.base_sequence = p_base_sequence AND v_batch.record_count = p_count THEN
                verdict := 1;
                base_offset := v_batch.last_offset - p_count + 1;
                appended_at := v_batch.appended_at;
                RETURN;
            END IF;
        END LOOP;
        EXIT WHEN v_seen = c_remembered;
    END LOOP;
    -- Of a producer that nobody remembers any sequence is taken: what it wrote may have been forgotten.
    verdict := CASE WHEN v_seen = 0 THEN 0 ELSE 2 END;
END
$$;
COMMENT ON FUNCTION ${schema}.producer_verdict(int[], bigint, bigint, int, int, int) IS
    'What a batch of a producer is beside the last five of it in the given slices, newest first: 0 the next one or the first that is known, 1 one of the five, which was appended there and then, 2 out of order, 3 of an old epoch. As Kafka has it.';

CREATE OR REPLACE FUNCTION ${schema}.known_keys(p_slices int[], p_key_ids bytea[]) RETURNS SETOF ${schema}.idempotency_key
LANGUAGE plpgsql
AS $$
DECLARE
    v_slice int;
BEGIN
    FOREACH v_slice IN ARRAY p_slices LOOP
        RETURN QUERY EXECUTE format(
            'SELECT k.* FROM unnest($1) AS i (key_id)'
            ' CROSS JOIN LATERAL (SELECT k.* FROM ${schema}.idempotency_key_%s k WHERE k.key_id = i.key_id LIMIT 1) k', v_slice)
            USING p_key_ids;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ${schema}.known_keys(int[], bytea[]) IS 'The parts of requests with these idempotency keys that were appended in the given slices.';

CREATE OR REPLACE FUNCTION ${schema}.find_key(p_key_id bytea) RETURNS SETOF ${schema}.idempotency_key
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT k.*
      FROM (SELECT coalesce(array_agg(s.slice ORDER BY s.slice DESC), '{}') AS slices FROM ${schema}.slice s WHERE s.has_producers) s
     CROSS JOIN LATERAL ${schema}.known_keys(s.slices, ARRAY[p_key_id]) k
     LIMIT 1
$$;
COMMENT ON FUNCTION ${schema}.find_key(bytea) IS 'What was appended with an idempotency key, where that is remembered.';

CREATE OR REPLACE FUNCTION ${schema}.forget_producers(p_keep interval) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '250ms'
AS $$
DECLARE
    v_now   timestamptz := ${schema}.log_now();
    v_least interval;
    v_slice int;
BEGIN
    IF p_keep IS NULL THEN
        RAISE EXCEPTION 'producers are remembered for some time' USING ERRCODE = 'TL001';
    END IF;
    SELECT l.min_producer_retention INTO STRICT v_least FROM ${schema}.log_limit l;
    -- One a call, so that appends that look for a producer there wait for one table at most.
    SELECT s.slice INTO v_slice
      FROM ${schema}.slice s
     WHERE s.has_producers
       AND EXISTS (SELECT FROM ${schema}.slice n WHERE n.slice > s.slice AND n.starts_at <= v_now - greatest(p_keep, v_least))
     ORDER BY s.slice
     LIMIT 1;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    BEGIN
        EXECUTE format('TRUNCATE ${schema}.producer_batch_%1$s, ${schema}.idempotency_key_%1$s', v_slice);
    EXCEPTION WHEN undefined_table THEN
        RETURN 0; -- dropped by somebody else
    END;
    UPDATE ${schema}.slice s SET has_producers = false WHERE s.slice = v_slice;
    RETURN 1;
END
$$;
COMMENT ON FUNCTION ${schema}.forget_producers(interval) IS
    'Forgets the producers and idempotency keys of the oldest slice that ended longer ago than the given time; returns how many slices that were, 0 or 1. A time that is shorter than ${schema}.log_limit allows counts as that. Waits at most 250 ms for those who search it.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC;
