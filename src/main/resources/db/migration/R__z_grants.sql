-- What the role that the service runs as may do: read everything, and insert records through append functions only. No right lets
-- it change a record. Records go by what topics are configured to keep, which it may change, with their topic, which it may
-- delete, and by delete_records(): docs/sql.md tells how to take these rights away. Runs again whenever it, or the role's name,
-- changes.

SET LOCAL lock_timeout = '2s';
LOCK TABLE ${schema}.slice IN SHARE ROW EXCLUSIVE MODE;

CREATE OR REPLACE FUNCTION ${schema}.service_grants(OUT kind text, OUT object text, OUT privilege text, OUT optional boolean)
RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'SCHEMA', '${schema}', 'USAGE', false
     UNION ALL
    SELECT 'TABLE', c.oid::regclass::text, 'SELECT', false
      FROM pg_class c
     WHERE c.relnamespace = '${schema}'::regnamespace AND c.relkind IN ('r', 'p', 'v')
     UNION ALL
    SELECT 'TABLE', '${schema}.' || t.name, p.privilege, false
      FROM (VALUES
               ('consumer_group', ARRAY['INSERT', 'UPDATE', 'DELETE']),
               ('group_member', ARRAY['INSERT', 'UPDATE', 'DELETE']),
               ('member_partition', ARRAY['INSERT', 'UPDATE', 'DELETE']),
               ('group_offset', ARRAY['INSERT', 'UPDATE', 'DELETE']),
               ('retention_lease', ARRAY['UPDATE']),
               ('write_probe', ARRAY['INSERT'])) AS t (name, privileges)
     CROSS JOIN LATERAL unnest(t.privileges) AS p (privilege)
     UNION ALL
    SELECT 'FUNCTION', '${schema}.' || f.signature, 'EXECUTE', f.optional
      FROM (VALUES
               ('log_now()', false),
               ('current_slice(timestamp with time zone)', false),
               ('topic_setting(jsonb,text)', false),
               ('service_grants()', false),
               ('append(bigint,bigint[],bytea[],bytea[],integer[],text[],bytea[])', true),
               ('produce(text,bytea,bytea,jsonb)', true),
               ('produce(text,text,text,jsonb)', true),
               ('read(text,integer,bigint,bigint)', true),
               ('log_state(bigint[])', false),
               ('offset_for_time(bigint,bigint)', false),
               ('purgeable()', false),
               ('purge_partition(bigint)', false),
               ('delete_records(bigint,bigint)', true),
               ('free_batches(bigint,integer,integer,bigint)', false),
               ('forget_retired()', false),
               ('prepare_slices(interval,integer)', false),
               ('free_slice(integer)', false),
               ('drop_slice(integer)', false),
               ('forget_producers(interval)', false),
               ('find_key(bytea)', false),
               ('create_topic(text,integer,jsonb,text)', false),
               ('lock_topic(text)', false),
               ('grow_topic(text,integer)', false),
               ('configure_topic(text,jsonb)', true),
               ('delete_topic(text)', true),
               ('note_token_uses(text[])', false),
               ('move_outbox(integer,bigint)', false),
               ('create_token(text,bytea,text,bytea,text,text[],text,timestamp with time zone)', true),
               ('revoke_token(text,bytea,text)', true),
               ('create_rule(text,bytea,text,text,text,text,text,boolean)', true),
               ('delete_rule(text,bytea,bigint)', true)) AS f (signature, optional)
     UNION ALL
    SELECT 'FUNCTION', p.oid::regprocedure::text, 'EXECUTE', false
      FROM pg_proc p
     WHERE p.pronamespace = '${schema}'::regnamespace AND p.proname ~ '^append_(v[0-9]+_)?[0-9]+$'
$$;
COMMENT ON FUNCTION ${schema}.service_grants() IS
    'The rights of the role that the service runs as. It starts without those that are optional, and refuses what needs them.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC, "${app_role}";
REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM PUBLIC, "${app_role}";

DO $$
DECLARE
    v_grant record;
BEGIN
    FOR v_grant IN SELECT g.privilege, g.kind, g.object FROM ${schema}.service_grants() g LOOP
        EXECUTE format('GRANT %s ON %s %s TO "${app_role}"', v_grant.privilege, v_grant.kind, v_grant.object);
    END LOOP;
END
$$;
