-- Consumer groups: members, what each reads, where it stands, and what the group has committed.

CREATE TABLE trunkline.topic_version (
    version bigint NOT NULL
);
CREATE UNIQUE INDEX topic_version_one_row ON trunkline.topic_version ((true));
COMMENT ON TABLE trunkline.topic_version IS
    'One row: grows with every topic that is created, deleted or given partitions, so that groups see that they have to look.';
INSERT INTO trunkline.topic_version (version) VALUES (1);

CREATE FUNCTION trunkline.raise_topic_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE trunkline.topic_version SET version = version + 1;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION trunkline.raise_topic_version IS
    'Notes that topics or partitions came or went. Waits for other such changes to commit, so that versions follow commits.';
REVOKE ALL ON FUNCTION trunkline.raise_topic_version FROM PUBLIC;

CREATE TRIGGER topic_raise_version AFTER INSERT OR UPDATE OF partition_count OR DELETE ON trunkline.topic
    FOR EACH STATEMENT EXECUTE FUNCTION trunkline.raise_topic_version();

CREATE TABLE trunkline.consumer_group (
    group_id      int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text COLLATE "C" NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 255),
    generation    int NOT NULL DEFAULT 0 CHECK (generation >= 0),
    topic_version bigint NOT NULL DEFAULT 0,
    empty_since   timestamptz DEFAULT clock_timestamp(),
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE trunkline.consumer_group IS
    'One row a consumer group. Whoever changes its members or their partitions locks it first.';
COMMENT ON COLUMN trunkline.consumer_group.generation IS 'Grows whenever members or their partitions change.';
COMMENT ON COLUMN trunkline.consumer_group.topic_version IS 'Up to which topic_version its partitions are up to date.';
COMMENT ON COLUMN trunkline.consumer_group.empty_since IS 'Since when the group has no member; null while it has one.';

CREATE TABLE trunkline.group_member (
    member_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_id           int NOT NULL REFERENCES trunkline.consumer_group ON DELETE CASCADE,
    name               text COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    format             text NOT NULL,
    auto_offset_reset  text NOT NULL CHECK (auto_offset_reset IN ('earliest', 'latest', 'none')),
    enable_auto_commit boolean NOT NULL,
    fetch_min_bytes    int NOT NULL CHECK (fetch_min_bytes >= 0),
    request_timeout_ms int CHECK (request_timeout_ms >= 0),
    isolation_level    text NOT NULL CHECK (isolation_level IN ('read_uncommitted', 'read_committed')),
    subscription       text NOT NULL DEFAULT 'none' CHECK (subscription IN ('none', 'topics', 'pattern', 'partitions')),
    topics             jsonb CHECK ((topics IS NOT NULL) = (subscription = 'topics')),
    topic_pattern      text CHECK ((topic_pattern IS NOT NULL) = (subscription = 'pattern')),
    last_seen          timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (group_id, name)
) WITH (fillfactor = 80);
COMMENT ON TABLE trunkline.group_member IS 'One row a consumer instance. Its id is never used again, not even for an instance of the same name.';
COMMENT ON COLUMN trunkline.group_member.last_seen IS
    'When a request of the member was noted last: not each one is, so the true time is up to a fifth of the session timeout later.';

CREATE TABLE trunkline.member_partition (
    member_id     bigint NOT NULL REFERENCES trunkline.group_member ON DELETE CASCADE,
    tp_id         int NOT NULL,
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
CREATE UNIQUE INDEX member_partition_one_member ON trunkline.member_partition (group_id, tp_id) WHERE generation IS NOT NULL;
COMMENT ON TABLE trunkline.member_partition IS
    'Which partitions a member reads, and where it stands. Whoever delivers records or commits locks the row, so that a member that has lost a partition does neither.';
COMMENT ON COLUMN trunkline.member_partition.generation IS
    'In which generation of the group the member got the partition, which nobody else of the group has then; null where it was assigned by hand.';
COMMENT ON COLUMN trunkline.member_partition.position IS
    'The next offset to deliver: all before it have been. Null where nothing is committed and the member does not say where to begin.';
COMMENT ON COLUMN trunkline.member_partition.claim_id IS
    'The answer in which records from position up to claim_offset are being sent; nobody else sends them before claimed_until.';
COMMENT ON COLUMN trunkline.member_partition.claimed_until IS 'When the claim lapses; of a past claim, when the partition had its turn.';

CREATE TABLE trunkline.group_offset (
    group_id         int NOT NULL REFERENCES trunkline.consumer_group ON DELETE CASCADE,
    tp_id            int NOT NULL,
    start_offset     bigint CHECK (start_offset >= 0),
    committed_offset bigint CHECK (committed_offset >= 0),
    committed_at     timestamptz,
    PRIMARY KEY (group_id, tp_id)
) WITH (fillfactor = 50);
COMMENT ON TABLE trunkline.group_offset IS 'Where a group goes on reading a partition.';
COMMENT ON COLUMN trunkline.group_offset.start_offset IS
    'Where the group began: what auto.offset.reset came to when it was first needed. Counts while nothing is committed.';
COMMENT ON COLUMN trunkline.group_offset.committed_offset IS 'The next offset to read, as committed; null when nothing is.';
