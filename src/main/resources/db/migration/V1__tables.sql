-- The tables of the log and of its consumer groups. Functions are in the repeatable migrations beside this one, a family a file.

CREATE TABLE ${schema}.topic (
    topic_id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name            text COLLATE "C" NOT NULL UNIQUE
                    CHECK (name ~ '^[a-zA-Z0-9._-]{1,249}$' AND name NOT IN ('.', '..')),
    partition_count int NOT NULL CHECK (partition_count BETWEEN 1 AND 10000),
    config          jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(config) = 'object'),
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by      text COLLATE "C" CHECK (length(created_by) BETWEEN 1 AND 255),
    -- The purge of all topics reads these.
    CONSTRAINT topic_retention_ms CHECK (
        config ->> 'retention.ms' ~ '^-?[0-9]{1,19}$' AND (config ->> 'retention.ms')::numeric BETWEEN -1 AND 9223372036854775807),
    CONSTRAINT topic_retention_bytes CHECK (
        config ->> 'retention.bytes' ~ '^-?[0-9]{1,19}$' AND (config ->> 'retention.bytes')::numeric BETWEEN -1 AND 9223372036854775807)
);
COMMENT ON TABLE ${schema}.topic IS
    'One row a topic, written by create_topic(), grow_topic(), configure_topic() and delete_topic() only.';
COMMENT ON COLUMN ${schema}.topic.created_by IS
    'The principal that created the topic, for its quota. Null where there was no access control.';
COMMENT ON COLUMN ${schema}.topic.config IS
    'Overrides of the topic configuration, Kafka''s names to text values; topic_setting() has the defaults.';

CREATE TABLE ${schema}.topic_version (
    version bigint NOT NULL
);
CREATE UNIQUE INDEX topic_version_one_row ON ${schema}.topic_version ((true));
COMMENT ON TABLE ${schema}.topic_version IS
    'One row: grows with every topic that is created, deleted or given partitions, so that groups see that they have to look.';
INSERT INTO ${schema}.topic_version (version) VALUES (1);

CREATE TABLE ${schema}.slice (
    slice         int PRIMARY KEY CHECK (slice >= 1),
    starts_at     timestamptz NOT NULL UNIQUE,
    has_producers boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE ${schema}.slice IS
    'Time slices of the log, each a table of its own (log_batch_<slice>) that can be freed at once. An append goes to the newest slice that has started.';
COMMENT ON COLUMN ${schema}.slice.has_producers IS
    'Whether producer_batch_<slice> and idempotency_key_<slice> are still searched; false once forget_producers() has emptied them.';

CREATE SEQUENCE ${schema}.tp_id AS bigint;
COMMENT ON SEQUENCE ${schema}.tp_id IS
    'Numbers the partitions. Where several databases number theirs apart, the owner gives each another start and all the same step.';

CREATE TABLE ${schema}.partition_head (
    tp_id            bigint PRIMARY KEY DEFAULT nextval('${schema}.tp_id'),
    topic_id         uuid NOT NULL REFERENCES ${schema}.topic,
    partition        int NOT NULL CHECK (partition >= 0),
    slice            int NOT NULL CONSTRAINT partition_head_slice_fkey REFERENCES ${schema}.slice,
    log_start_offset bigint NOT NULL DEFAULT 0 CHECK (log_start_offset >= 0),
    log_start_bytes  bigint NOT NULL DEFAULT 0 CHECK (log_start_bytes >= 0),
    log_start_time   timestamptz,
    UNIQUE (topic_id, partition)
) WITH (fillfactor = 50);
COMMENT ON TABLE ${schema}.partition_head IS
    'One row a partition. Appends lock it, and so get their offsets in commit order; they write it only when the slice changes.';
COMMENT ON COLUMN ${schema}.partition_head.tp_id IS 'Names the partition in the log. Never used again, not even for a topic of the same name.';
COMMENT ON COLUMN ${schema}.partition_head.slice IS
    'The slice of the last append, or a later one when the partition is empty; the next append goes to this or a later slice.';
COMMENT ON COLUMN ${schema}.partition_head.log_start_offset IS 'The first offset that can be read. It only moves forward.';
COMMENT ON COLUMN ${schema}.partition_head.log_start_bytes IS 'The bytes of the partition before the batch that holds the log start.';
COMMENT ON COLUMN ${schema}.partition_head.log_start_time IS
    'When the batch that holds the log start was appended, or the last one of all where the partition is empty; where records were deleted by hand, when that was. Null while the log start has never moved.';

CREATE TABLE ${schema}.retired_partition (
    tp_id      bigint PRIMARY KEY,
    topic_id   uuid NOT NULL,
    retired_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    end_bytes  bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE ${schema}.retired_partition IS
    'Partitions of deleted topics: nobody can reach their records, whose space is still to be freed.';
COMMENT ON COLUMN ${schema}.retired_partition.end_bytes IS 'The bytes of the partition up to its end.';

CREATE TABLE ${schema}.partition_slice (
    tp_id        bigint NOT NULL,
    slice        int NOT NULL CONSTRAINT partition_slice_slice_fkey REFERENCES ${schema}.slice,
    base_offset  bigint NOT NULL,
    needed       boolean NOT NULL DEFAULT true,
    base_bytes   bigint NOT NULL DEFAULT 0,
    freed_offset bigint NOT NULL DEFAULT 0,
    freed_bytes  bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tp_id, slice)
) WITH (fillfactor = 70);
COMMENT ON TABLE ${schema}.partition_slice IS
    'In which slice an offset lives: that with the greatest base_offset that is not above it.';
COMMENT ON COLUMN ${schema}.partition_slice.needed IS
    'Whether the partition may have records in the slice that can be read. Once false it stays so, and the slice is not written by the partition any more.';
COMMENT ON COLUMN ${schema}.partition_slice.base_bytes IS 'The bytes of the partition before the slice.';
COMMENT ON COLUMN ${schema}.partition_slice.freed_offset IS 'Batches whose last offset is below have been removed one by one.';
COMMENT ON COLUMN ${schema}.partition_slice.freed_bytes IS 'The bytes of the partition up to what has been removed one by one.';

CREATE TABLE ${schema}.log_batch (
    tp_id                 bigint NOT NULL,
    last_offset           bigint NOT NULL,
    base_offset           bigint NOT NULL CHECK (base_offset >= 0),
    max_timestamp         bigint NOT NULL,
    running_max_timestamp bigint NOT NULL,
    running_byte_size     bigint NOT NULL DEFAULT 0,
    appended_at           timestamptz NOT NULL,
    slice                 int NOT NULL,
    record_count          int NOT NULL CHECK (record_count = last_offset - base_offset + 1),
    byte_size             int NOT NULL,
    timestamps            bigint[] NOT NULL,
    keys                  bytea[],
    values                bytea[] NOT NULL,
    header_counts         int[],
    header_keys           text[],
    header_values         bytea[],
    -- What the service makes at most: 100,000 records of a request, and 100 MiB of one record, with what arrays cost beside.
    CONSTRAINT log_batch_bounds CHECK (record_count <= 100000 AND byte_size <= 134217728),
    PRIMARY KEY (tp_id, last_offset, slice)
) PARTITION BY LIST (slice);
COMMENT ON TABLE ${schema}.log_batch IS
    'The records, one row an append, columnar: element i of each array belongs to offset base_offset + i - 1. Rows are inserted by append() only and never change.';
COMMENT ON COLUMN ${schema}.log_batch.running_max_timestamp IS
    'The largest timestamp of the partition up to this batch: it never falls, so that a time can be found by bisection.';
COMMENT ON COLUMN ${schema}.log_batch.running_byte_size IS
    'The bytes of the partition up to and with this batch, since it was made: it never falls, as offsets.';
COMMENT ON COLUMN ${schema}.log_batch.byte_size IS 'Size of the arrays in memory, uncompressed, in bytes.';
COMMENT ON COLUMN ${schema}.log_batch.timestamps IS 'Milliseconds since the epoch.';
COMMENT ON COLUMN ${schema}.log_batch.keys IS 'NULL when no record of the batch has a key.';
COMMENT ON COLUMN ${schema}.log_batch.header_counts IS
    'How many headers each record has, which lie one after the other in header_keys and header_values. NULL when no record has one.';

-- Without lz4 the batches are stored as they are: pglz compresses some 30 MB/s, and every append would wait for it.
DO $$
DECLARE
    v_storage text := CASE
        WHEN EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN 'COMPRESSION lz4'
        ELSE 'STORAGE EXTERNAL'
    END;
    v_column  text;
BEGIN
    FOREACH v_column IN ARRAY ARRAY['timestamps', 'keys', 'values', 'header_counts', 'header_keys', 'header_values'] LOOP
        EXECUTE format('ALTER TABLE ${schema}.log_batch ALTER COLUMN %I SET %s', v_column, v_storage);
    END LOOP;
END
$$;

CREATE TABLE ${schema}.producer_batch (
    tp_id          bigint NOT NULL,
    producer_id    bigint NOT NULL CHECK (producer_id >= 0),
    last_offset    bigint NOT NULL,
    appended_at    timestamptz NOT NULL,
    base_sequence  int NOT NULL CHECK (base_sequence >= 0),
    record_count   int NOT NULL CHECK (record_count BETWEEN 1 AND last_offset + 1),
    producer_epoch smallint NOT NULL CHECK (producer_epoch >= 0),
    PRIMARY KEY (tp_id, producer_id, last_offset)
);
COMMENT ON TABLE ${schema}.producer_batch IS
    'Always empty: the model of producer_batch_<slice>, with one row for each batch of an idempotent producer that was appended in that slice. Rows are inserted with their records and never change.';
COMMENT ON COLUMN ${schema}.producer_batch.base_sequence IS
    'The sequence number of the first record. Sequence numbers continue from 2147483647 with 0.';

CREATE TABLE ${schema}.idempotency_key (
    tp_id             bigint NOT NULL,
    base_offset       bigint NOT NULL,
    appended_at       timestamptz NOT NULL,
    partition_count   int NOT NULL CHECK (partition_count >= 1),
    max_message_bytes int NOT NULL CHECK (max_message_bytes >= 0),
    record_count      int NOT NULL CHECK (record_count >= 1),
    key_id            bytea NOT NULL PRIMARY KEY CHECK (octet_length(key_id) = 16),
    fingerprint       bytea NOT NULL CHECK (octet_length(fingerprint) = 32)
);
COMMENT ON TABLE ${schema}.idempotency_key IS
    'Always empty: the model of idempotency_key_<slice>, with one row for each part of a request with an Idempotency-Key that was appended in that slice. Rows are inserted with their records and never change.';
COMMENT ON COLUMN ${schema}.idempotency_key.partition_count IS
    'How many partitions the topic had when the first part of the request was written: the others go by it.';
COMMENT ON COLUMN ${schema}.idempotency_key.max_message_bytes IS
    'How large a record could be when the first part of the request was written: records that were refused then are refused again.';
COMMENT ON COLUMN ${schema}.idempotency_key.record_count IS
    'How many records the part has: a repetition that would have others there fails.';
COMMENT ON COLUMN ${schema}.idempotency_key.key_id IS
    'A hash of the key, its principal and topic, and for all parts but the first of their partition and where the first part is.';
COMMENT ON COLUMN ${schema}.idempotency_key.fingerprint IS 'SHA-256 of what the request says.';

CREATE TABLE ${schema}.log_limit (
    min_slice_length interval NOT NULL DEFAULT '1 minute'
                     CHECK (min_slice_length >= interval '1 minute'),
    max_slice_length interval NOT NULL DEFAULT '7 days'
                     CHECK (max_slice_length BETWEEN min_slice_length AND interval '31 days'),
    max_time_ahead   interval NOT NULL DEFAULT '31 days'
                     CHECK (max_time_ahead BETWEEN max_slice_length AND interval '100 days'),
    max_purge_turn   interval NOT NULL DEFAULT '1 hour'
                     CHECK (max_purge_turn BETWEEN interval '5 minutes' AND interval '1 day'),
    min_producer_retention interval NOT NULL DEFAULT '1 hour'
                     CHECK (min_producer_retention BETWEEN interval '30 minutes' AND interval '31 days')
);
CREATE UNIQUE INDEX log_limit_one_row ON ${schema}.log_limit ((true));
COMMENT ON TABLE ${schema}.log_limit IS
    'One row, which only the owner of the schema changes: what the role that the service runs as can ask for at most.';
COMMENT ON COLUMN ${schema}.log_limit.min_slice_length IS 'The shortest slice that prepare_slices() makes.';
COMMENT ON COLUMN ${schema}.log_limit.max_slice_length IS 'The longest slice that prepare_slices() makes. Space is freed a slice at a time.';
COMMENT ON COLUMN ${schema}.log_limit.max_time_ahead IS 'The longest time that slices are made ahead for.';
COMMENT ON COLUMN ${schema}.log_limit.max_purge_turn IS 'How long one turn to purge lasts at most, however often it is renewed.';
COMMENT ON COLUMN ${schema}.log_limit.min_producer_retention IS
    'The shortest time after which forget_producers() forgets the batches of idempotent producers and idempotency keys.';
INSERT INTO ${schema}.log_limit DEFAULT VALUES;

CREATE TABLE ${schema}.retention_lease (
    holder       uuid,
    held_until   timestamptz,
    started_at   timestamptz,
    succeeded_at timestamptz
);
CREATE UNIQUE INDEX retention_lease_one_row ON ${schema}.retention_lease ((true));
COMMENT ON TABLE ${schema}.retention_lease IS
    'One row: which replica purges now, until when it may without being heard of, and when a purge began and succeeded last.';
INSERT INTO ${schema}.retention_lease DEFAULT VALUES;

-- A row fills a page, so that each try needs a new one, and a full disk is seen. Vacuum gives the pages back.
CREATE TABLE ${schema}.write_probe (
    filler text NOT NULL CHECK (octet_length(filler) <= 6000)
) WITH (autovacuum_vacuum_threshold = 20, autovacuum_vacuum_scale_factor = 0);
ALTER TABLE ${schema}.write_probe ALTER COLUMN filler SET STORAGE PLAIN;
COMMENT ON TABLE ${schema}.write_probe IS
    'Always empty: the service tries on it whether the database can be written, and rolls back.';

-- A constraint of the table, and so with it.
CREATE FUNCTION ${schema}.refuse_probe() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'write_probe stays empty: roll back' USING ERRCODE = 'TL001';
END
$$;
COMMENT ON FUNCTION ${schema}.refuse_probe() IS 'Fails the commit of a row in write_probe.';

CREATE CONSTRAINT TRIGGER write_probe_stays_empty AFTER INSERT OR UPDATE ON ${schema}.write_probe
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ${schema}.refuse_probe();

CREATE TABLE ${schema}.consumer_group (
    group_id      int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text COLLATE "C" NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 255),
    generation    int NOT NULL DEFAULT 0 CHECK (generation >= 0),
    topic_version bigint NOT NULL DEFAULT 0,
    empty_since   timestamptz DEFAULT clock_timestamp(),
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE ${schema}.consumer_group IS
    'One row a consumer group. Whoever changes its members or their partitions locks it first.';
COMMENT ON COLUMN ${schema}.consumer_group.generation IS 'Grows whenever members or their partitions change.';
COMMENT ON COLUMN ${schema}.consumer_group.topic_version IS 'Up to which topic_version its partitions are up to date.';
COMMENT ON COLUMN ${schema}.consumer_group.empty_since IS 'Since when the group has no member; null while it has one.';

CREATE TABLE ${schema}.group_member (
    member_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_id           int NOT NULL REFERENCES ${schema}.consumer_group ON DELETE CASCADE,
    name               text COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    format             text NOT NULL,
    auto_offset_reset  text NOT NULL CHECK (auto_offset_reset IN ('earliest', 'latest', 'none')),
    reset_duration_ms  bigint CHECK (reset_duration_ms >= 0),
    enable_auto_commit boolean NOT NULL,
    fetch_min_bytes    int NOT NULL CHECK (fetch_min_bytes >= 0),
    request_timeout_ms int CHECK (request_timeout_ms >= 0),
    isolation_level    text NOT NULL CHECK (isolation_level IN ('read_uncommitted', 'read_committed')),
    subscription       text NOT NULL DEFAULT 'none' CHECK (subscription IN ('none', 'topics', 'pattern', 'partitions')),
    topics             jsonb CHECK ((topics IS NOT NULL) = (subscription = 'topics')),
    topic_pattern      text CHECK ((topic_pattern IS NOT NULL) = (subscription = 'pattern')),
    assigned           jsonb CHECK (jsonb_typeof(assigned) = 'object'),
    principal          text COLLATE "C",
    roles              text[] NOT NULL DEFAULT '{}',
    last_seen          timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (group_id, name),
    CHECK (reset_duration_ms IS NULL OR auto_offset_reset = 'latest')
) WITH (fillfactor = 80);
COMMENT ON TABLE ${schema}.group_member IS 'One row a consumer instance. Its id is never used again, not even for an instance of the same name.';
COMMENT ON COLUMN ${schema}.group_member.reset_duration_ms IS
    'Where nothing is committed, the member begins at the first record that is not older; null where auto_offset_reset says it all.';
COMMENT ON COLUMN ${schema}.group_member.assigned IS
    'The partitions that were assigned by hand, numbers by topic, some of which may not exist yet. Counts while subscription is partitions.';
COMMENT ON COLUMN ${schema}.group_member.principal IS
    'Who created the member, and so may use it: it reads what he may read. Null where there was no access control.';
COMMENT ON COLUMN ${schema}.group_member.roles IS 'The roles that the principal had, beside those that access_role gives him.';
COMMENT ON COLUMN ${schema}.group_member.last_seen IS
    'When a request of the member was noted last: not each one is, so the true time is up to a fifth of the session timeout later.';

CREATE TABLE ${schema}.member_partition (
    member_id     bigint NOT NULL REFERENCES ${schema}.group_member ON DELETE CASCADE,
    tp_id         bigint NOT NULL,
    group_id      int NOT NULL,
    generation    int,
    position      bigint CHECK (position >= 0),
    claim_id      bigint,
    claim_offset  bigint,
    claimed_until timestamptz,
    PRIMARY KEY (member_id, tp_id),
    CHECK (claim_offset > position),
    CHECK (num_nulls(claim_id, claim_offset) IN (0, 2))
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX member_partition_one_member ON ${schema}.member_partition (group_id, tp_id) WHERE generation IS NOT NULL;
COMMENT ON TABLE ${schema}.member_partition IS
    'Which partitions a member reads, and where it stands. Whoever delivers records or commits locks the row, so that a member that has lost a partition does neither.';
COMMENT ON COLUMN ${schema}.member_partition.generation IS
    'In which generation of the group the member got the partition, which nobody else of the group has then; null where it was assigned by hand.';
COMMENT ON COLUMN ${schema}.member_partition.position IS
    'The next offset to deliver: all before it have been. Null where nothing is committed and the member does not say where to begin.';
COMMENT ON COLUMN ${schema}.member_partition.claim_id IS
    'The answer in which records from position up to claim_offset are being sent; nobody else sends them before claimed_until.';
COMMENT ON COLUMN ${schema}.member_partition.claimed_until IS 'When the claim lapses; of a past claim, when the partition had its turn.';

CREATE TABLE ${schema}.group_offset (
    group_id         int NOT NULL REFERENCES ${schema}.consumer_group ON DELETE CASCADE,
    tp_id            bigint NOT NULL,
    start_offset     bigint CHECK (start_offset >= 0),
    committed_offset bigint CHECK (committed_offset >= 0),
    committed_at     timestamptz,
    commit_metadata  text NOT NULL DEFAULT '' CHECK (length(commit_metadata) <= 4096),
    PRIMARY KEY (group_id, tp_id)
) WITH (fillfactor = 50);
COMMENT ON TABLE ${schema}.group_offset IS 'Where a group goes on reading a partition.';
COMMENT ON COLUMN ${schema}.group_offset.start_offset IS
    'Where the group began: what auto.offset.reset came to when it was first needed. Counts while nothing is committed.';
COMMENT ON COLUMN ${schema}.group_offset.committed_offset IS 'The next offset to read, as committed; null when nothing is.';
COMMENT ON COLUMN ${schema}.group_offset.commit_metadata IS 'What the client that committed noted beside the offset.';

CREATE TABLE ${schema}.access_version (
    version bigint NOT NULL
);
CREATE UNIQUE INDEX access_version_one_row ON ${schema}.access_version ((true));
COMMENT ON TABLE ${schema}.access_version IS
    'One row: grows with every token, role or rule that is added, changed or removed, so that replicas see that they have to load them.';
INSERT INTO ${schema}.access_version (version) VALUES (1);

CREATE TABLE ${schema}.access_token (
    token_id     text COLLATE "C" PRIMARY KEY CHECK (token_id ~ '^[a-z0-9]{12}$'),
    secret_hash  bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    principal    text COLLATE "C" NOT NULL CHECK (length(principal) BETWEEN 1 AND 255 AND principal !~ '[[:cntrl:]]'),
    roles        text[] NOT NULL DEFAULT '{}' CHECK (cardinality(roles) <= 100 AND array_position(roles, NULL) IS NULL),
    description  text NOT NULL DEFAULT '' CHECK (length(description) <= 1000),
    created_by   text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz
) WITH (fillfactor = 80);
COMMENT ON TABLE ${schema}.access_token IS
    'API tokens: tl_<token_id>_<secret>, of which the secret is shown once and never stored.';
COMMENT ON COLUMN ${schema}.access_token.secret_hash IS
    'The SHA-256 of the proof, which is the SHA-256 of the secret: whoever reads this table has neither.';
COMMENT ON COLUMN ${schema}.access_token.roles IS 'Roles that whoever shows the token has, beside those of its principal.';
COMMENT ON COLUMN ${schema}.access_token.last_used_at IS 'When the token was used last, noted at most about once a minute.';

CREATE TABLE ${schema}.access_role (
    principal text COLLATE "C" NOT NULL CHECK (length(principal) BETWEEN 1 AND 255 AND principal !~ '[[:cntrl:]]'),
    role      text COLLATE "C" NOT NULL CHECK (role ~ '^[a-zA-Z0-9._:-]{1,100}$'),
    source    text NOT NULL DEFAULT 'api' CHECK (source IN ('api', 'file')),
    PRIMARY KEY (principal, role)
);
COMMENT ON TABLE ${schema}.access_role IS 'The roles of principals, however they prove who they are.';
COMMENT ON COLUMN ${schema}.access_role.source IS 'Where it comes from; what comes from a file goes when the file no longer holds it.';

CREATE TABLE ${schema}.access_rule (
    rule_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject_kind text NOT NULL CHECK (subject_kind IN ('principal', 'role')),
    subject      text COLLATE "C" NOT NULL CHECK (length(subject) BETWEEN 1 AND 255 AND subject !~ '[[:cntrl:]]'),
    access_right text NOT NULL,
    resource     text NOT NULL CHECK (resource IN ('topic', 'group')),
    name         text COLLATE "C" NOT NULL CHECK (length(name) <= 255),
    prefix       boolean NOT NULL,
    source       text NOT NULL DEFAULT 'api' CHECK (source IN ('api', 'file')),
    created_by   text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (subject_kind, subject, access_right, resource, name, prefix),
    CHECK (prefix OR name <> ''),
    CHECK (access_right IN ('read', 'write', 'manage') AND resource = 'topic' OR access_right IN ('use', 'manage') AND resource = 'group')
);
COMMENT ON TABLE ${schema}.access_rule IS 'What a principal, or whoever has a role, may do. What no rule allows is refused.';
COMMENT ON COLUMN ${schema}.access_rule.name IS
    'The name of a topic or group, or what its name begins with; an empty prefix stands for all.';
COMMENT ON COLUMN ${schema}.access_rule.source IS 'Where it comes from; what comes from a file goes when the file no longer holds it.';

-- Its body is in the functions of access, which run after this. Whoever changes something locks the version first, and rows then,
-- so that none waits for another in a circle.
CREATE FUNCTION ${schema}.access_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER access_token_changed
    BEFORE INSERT OR DELETE OR UPDATE OF secret_hash, principal, roles, expires_at, revoked_at OR TRUNCATE ON ${schema}.access_token
    FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.access_changed();
CREATE TRIGGER access_role_changed BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON ${schema}.access_role
    FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.access_changed();
CREATE TRIGGER access_rule_changed BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON ${schema}.access_rule
    FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.access_changed();

CREATE TABLE ${schema}.outbox (
    outbox_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic      text COLLATE "C" NOT NULL,
    key        bytea,
    value      bytea,
    headers    jsonb,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
COMMENT ON TABLE ${schema}.outbox IS
    'Records on their way to the log: inserted in any transaction, moved by the service when that has committed, in the order of outbox_id.';
COMMENT ON COLUMN ${schema}.outbox.value IS 'Null for a tombstone.';
COMMENT ON COLUMN ${schema}.outbox.headers IS 'As over HTTP: [{"key": "name", "value": "<base64>"}].';
COMMENT ON COLUMN ${schema}.outbox.created_at IS 'The timestamp of the record, unless the topic takes that of the append.';

CREATE TABLE ${schema}.outbox_refused (
    refused_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    outbox_id  bigint NOT NULL,
    topic      text COLLATE "C" NOT NULL,
    key        bytea,
    value      bytea,
    headers    jsonb,
    created_at timestamptz NOT NULL,
    refused_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason     text NOT NULL
);
COMMENT ON TABLE ${schema}.outbox_refused IS
    'Rows of the outbox that cannot become records, with the reason. They wait for somebody who mends them or deletes them.';

CREATE TABLE ${schema}.outbox_mover (
    one boolean PRIMARY KEY DEFAULT true CHECK (one)
);
COMMENT ON TABLE ${schema}.outbox_mover IS 'One row, which whoever moves rows of the outbox locks, so that their order is kept.';
INSERT INTO ${schema}.outbox_mover DEFAULT VALUES;
