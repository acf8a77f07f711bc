-- Consumers that begin at records of a certain age, and that read partitions which do not exist yet. The version before
-- reads what is stored here as the nearest thing it knows: latest, and the partitions that exist.

-- Whoever cannot be waited for is met again.
SET LOCAL lock_timeout = '2s';

ALTER TABLE trunkline.group_member
    ADD COLUMN reset_duration_ms bigint CHECK (reset_duration_ms >= 0),
    ADD COLUMN assigned jsonb CHECK (jsonb_typeof(assigned) = 'object'),
    ADD CHECK (reset_duration_ms IS NULL OR auto_offset_reset = 'latest');
COMMENT ON COLUMN trunkline.group_member.reset_duration_ms IS
    'Where nothing is committed, the member begins at the first record that is not older; null where auto_offset_reset says it all.';
COMMENT ON COLUMN trunkline.group_member.assigned IS
    'The partitions that were assigned by hand, numbers by topic, some of which may not exist yet. Counts while subscription is partitions; null in rows of version 4 and before.';
