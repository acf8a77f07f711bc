-- What the role that the service runs as may do: read everything, and insert records through append() only. No right lets it
-- change a record. Records go by what topics are configured to keep, which it may change, with their topic, which it may
-- delete, and by delete_records(): docs/sql.md tells how to take these rights away. Runs again whenever it, or the role's name,
-- changes.

REVOKE ALL ON ALL TABLES IN SCHEMA trunkline FROM PUBLIC, "${app_role}";
GRANT USAGE ON SCHEMA trunkline TO "${app_role}";
GRANT SELECT ON ALL TABLES IN SCHEMA trunkline TO "${app_role}";
GRANT INSERT, DELETE, UPDATE (partition_count, config) ON trunkline.topic TO "${app_role}";
GRANT EXECUTE ON FUNCTION trunkline.append TO "${app_role}";
GRANT EXECUTE ON FUNCTION trunkline.prepare_slices TO "${app_role}";
GRANT EXECUTE ON FUNCTION trunkline.produce(text, bytea, bytea, jsonb) TO "${app_role}";
GRANT EXECUTE ON FUNCTION trunkline.produce(text, text, text, jsonb) TO "${app_role}";
GRANT EXECUTE ON FUNCTION trunkline.offset_for_time TO "${app_role}";
GRANT EXECUTE ON FUNCTION trunkline.read TO "${app_role}";
GRANT INSERT, UPDATE, DELETE ON trunkline.consumer_group, trunkline.group_member, trunkline.member_partition, trunkline.group_offset TO "${app_role}";
GRANT UPDATE ON trunkline.retention_turn TO "${app_role}";
GRANT INSERT ON trunkline.write_probe TO "${app_role}";
GRANT EXECUTE ON FUNCTION trunkline.now, trunkline.current_slice, trunkline.log_state, trunkline.purgeable TO "${app_role}";
GRANT EXECUTE ON FUNCTION trunkline.purge_partition, trunkline.free_slice, trunkline.drop_slice, trunkline.free_batches, trunkline.forget_retired TO "${app_role}";
GRANT EXECUTE ON FUNCTION trunkline.delete_records TO "${app_role}";
SELECT trunkline.share_append(slice) FROM trunkline.slice;
