-- Access: who may read, write and manage what. The service reads these tables and can grant itself nothing: its functions
-- change them for somebody who proves to be an administrator, with something that no table holds. The owner needs no proof.

SET LOCAL lock_timeout = '2s';
LOCK TABLE ${schema}.slice IN SHARE ROW EXCLUSIVE MODE;

CREATE OR REPLACE FUNCTION ${schema}.access_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE ${schema}.access_version SET version = version + 1;
    -- What the members of a group may read is part of what they read.
    UPDATE ${schema}.topic_version SET version = version + 1;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ${schema}.access_changed() IS
    'Before each change: raises the version of the rules, by which replicas see that they have to load them, and that of topics, by which groups do.';

CREATE OR REPLACE FUNCTION ${schema}.add_token(
    p_token_id text, p_secret_hash bytea, p_principal text, p_roles text[], p_description text, p_expires_at timestamptz, p_created_by text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Others who add wait, so that none is counted twice or not at all.
    PERFORM FROM ${schema}.access_version FOR UPDATE;
    DELETE FROM ${schema}.access_token t WHERE least(t.revoked_at, t.expires_at) < ${schema}.log_now() - interval '30 days';
    IF (SELECT count(*) FROM ${schema}.access_token) >= 10000 THEN
        RAISE EXCEPTION 'there are 10000 tokens: revoke those that are not needed; they count for 30 days' USING ERRCODE = 'TL011';
    END IF;
    INSERT INTO ${schema}.access_token (token_id, secret_hash, principal, roles, description, expires_at, created_by)
    VALUES (p_token_id, p_secret_hash, p_principal, p_roles, p_description, p_expires_at, p_created_by);
END
$$;
COMMENT ON FUNCTION ${schema}.add_token(text, bytea, text, text[], text, timestamptz, text) IS
    'Adds a token, for the owner. TL011: there are too many.';

CREATE OR REPLACE FUNCTION ${schema}.add_rule(
    p_subject_kind text, p_subject text, p_access_right text, p_resource text, p_name text, p_prefix boolean, p_source text, p_created_by text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_rule_id bigint;
BEGIN
    PERFORM FROM ${schema}.access_version FOR UPDATE;
    SELECT r.rule_id
      INTO v_rule_id
      FROM ${schema}.access_rule r
     WHERE (r.subject_kind, r.subject, r.access_right, r.resource, r.name, r.prefix)
           = (p_subject_kind, p_subject, p_access_right, p_resource, p_name, p_prefix);
    IF FOUND THEN
        RETURN v_rule_id;
    END IF;
    IF (SELECT count(*) FROM ${schema}.access_rule) >= 10000 THEN
        RAISE EXCEPTION 'there are 10000 rules: use prefixes and roles' USING ERRCODE = 'TL011';
    END IF;
    INSERT INTO ${schema}.access_rule (subject_kind, subject, access_right, resource, name, prefix, source, created_by)
    VALUES (p_subject_kind, p_subject, p_access_right, p_resource, p_name, p_prefix, p_source, p_created_by)
    RETURNING rule_id INTO v_rule_id;
    RETURN v_rule_id;
END
$$;
COMMENT ON FUNCTION ${schema}.add_rule(text, text, text, text, text, boolean, text, text) IS
    'Adds a rule, for the owner, and answers its id; that of the rule that says the same, where there is one. TL011: there are too many.';

CREATE OR REPLACE FUNCTION ${schema}.administrator(p_token_id text, p_proof bytea) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_principal text;
BEGIN
    SELECT t.principal
      INTO v_principal
      FROM ${schema}.access_token t
     WHERE t.token_id = p_token_id
       AND t.secret_hash = sha256(p_proof)
       AND t.revoked_at IS NULL
       AND (t.expires_at > ${schema}.log_now()) IS NOT FALSE
       AND ('admin' = ANY (t.roles)
            OR EXISTS (SELECT FROM ${schema}.access_role r WHERE r.principal = t.principal AND r.role = 'admin'));
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this takes a valid token of an administrator' USING ERRCODE = 'TL010';
    END IF;
    RETURN v_principal;
END
$$;
COMMENT ON FUNCTION ${schema}.administrator(text, bytea) IS
    'The principal of a token that has the role admin, proven by the SHA-256 of its secret, whose own SHA-256 is what the table holds. TL010: it is none.';

CREATE OR REPLACE FUNCTION ${schema}.create_token(
    p_by text, p_proof bytea,
    p_token_id text, p_secret_hash bytea, p_principal text, p_roles text[], p_description text, p_expires_at timestamptz)
RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ${schema}.add_token(
        p_token_id, p_secret_hash, p_principal, p_roles, p_description, p_expires_at, ${schema}.administrator(p_by, p_proof))
$$;
COMMENT ON FUNCTION ${schema}.create_token(text, bytea, text, bytea, text, text[], text, timestamptz) IS
    'Adds a token in the name of an administrator. TL010: it is none. TL011: there are too many.';

CREATE OR REPLACE FUNCTION ${schema}.revoke_token(p_by text, p_proof bytea, p_token_id text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM ${schema}.administrator(p_by, p_proof);
    UPDATE ${schema}.access_token t
       SET revoked_at = coalesce(t.revoked_at, ${schema}.log_now())
     WHERE t.token_id = p_token_id;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION ${schema}.revoke_token(text, bytea, text) IS
    'Revokes a token in the name of an administrator; false where there is none of this id. TL010: it is no administrator.';

CREATE OR REPLACE FUNCTION ${schema}.create_rule(
    p_by text, p_proof bytea,
    p_subject_kind text, p_subject text, p_access_right text, p_resource text, p_name text, p_prefix boolean)
RETURNS bigint
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ${schema}.add_rule(
        p_subject_kind, p_subject, p_access_right, p_resource, p_name, p_prefix, 'api', ${schema}.administrator(p_by, p_proof))
$$;
COMMENT ON FUNCTION ${schema}.create_rule(text, bytea, text, text, text, text, text, boolean) IS
    'Adds a rule in the name of an administrator and answers its id. TL010: it is none. TL011: there are too many.';

CREATE OR REPLACE FUNCTION ${schema}.delete_rule(p_by text, p_proof bytea, p_rule_id bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM ${schema}.administrator(p_by, p_proof);
    DELETE FROM ${schema}.access_rule r WHERE r.rule_id = p_rule_id;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION ${schema}.delete_rule(text, bytea, bigint) IS
    'Deletes a rule in the name of an administrator; false where there is none of this id. TL010: it is no administrator.';

CREATE OR REPLACE FUNCTION ${schema}.note_token_uses(p_token_ids text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    -- Nobody waits for this: not for a row that somebody holds, nor for the commit.
    WITH used AS (
        SELECT t.token_id
          FROM ${schema}.access_token t
         WHERE t.token_id = ANY (p_token_ids)
           AND (t.last_used_at > ${schema}.log_now() - interval '50 seconds') IS NOT TRUE
         ORDER BY t.token_id
           FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE ${schema}.access_token t
       SET last_used_at = ${schema}.log_now()
      FROM used u
     WHERE t.token_id = u.token_id
       AND set_config('synchronous_commit', 'off', true) IS NOT NULL
$$;
COMMENT ON FUNCTION ${schema}.note_token_uses(text[]) IS 'Notes that tokens have been used; at most about once a minute each.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC;
