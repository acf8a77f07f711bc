-- What functions of all families use. The files of the families run in the order of their names, each again when it has changed.
-- Every function names its tables in full, and one that runs with its owner's rights fixes its search path. The service names them
-- without the schema, after pg_catalog: no table and no function has the name of one of PostgreSQL's own.

-- Slices, and so functions, are neither made nor dropped meanwhile. Who cannot be waited for is met again.
SET LOCAL lock_timeout = '2s';
LOCK TABLE ${schema}.slice IN SHARE ROW EXCLUSIVE MODE;

CREATE OR REPLACE FUNCTION ${schema}.log_now() RETURNS timestamptz
LANGUAGE sql
AS $$ SELECT pg_catalog.clock_timestamp() $$;
COMMENT ON FUNCTION ${schema}.log_now() IS 'The clock of the log: the server''s. Its owner may put another one in its place, to test what time does.';

-- PL/pgSQL, because that plans it once for each connection: every append asks for it.
CREATE OR REPLACE FUNCTION ${schema}.current_slice(p_now timestamptz DEFAULT ${schema}.log_now()) RETURNS int
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN coalesce(
        (SELECT s.slice FROM ${schema}.slice s WHERE s.starts_at <= p_now ORDER BY s.starts_at DESC LIMIT 1),
        (SELECT min(s.slice) FROM ${schema}.slice s));
END
$$;
COMMENT ON FUNCTION ${schema}.current_slice(timestamptz) IS
    'The slice that appends go to: the newest that has started, or the first one where a clock that was set back lies before all.';

CREATE OR REPLACE FUNCTION ${schema}.topic_setting(p_config jsonb, p_key text) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT coalesce(
        p_config ->> p_key,
        CASE p_key
            WHEN 'cleanup.policy' THEN 'delete'
            WHEN 'compression.type' THEN 'producer'
            WHEN 'max.message.bytes' THEN '1048588'
            WHEN 'message.timestamp.type' THEN 'CreateTime'
            WHEN 'retention.bytes' THEN '-1'
            WHEN 'retention.ms' THEN '604800000'
        END)
$$;
COMMENT ON FUNCTION ${schema}.topic_setting(jsonb, text) IS
    'A value of a topic''s configuration: as it is set there, or its default; null for what has neither.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC;
