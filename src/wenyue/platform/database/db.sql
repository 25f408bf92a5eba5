-- name: confirm
-- A write of its own where there are standbys: the commit then waits until one has everything that was read before it.
SELECT CASE WHEN current_setting('synchronous_standby_names') <> '' THEN pg_logical_emit_message(true, 'wenyue', '') END
