-- name: has_role
-- Whether the standby's login is there.
SELECT count(*) FROM pg_catalog.pg_roles WHERE rolname = %(role)s

-- name: own
-- What this server is: its data, its timeline as of the last checkpoint, whether it follows another.
SELECT c.system_identifier::text, k.timeline_id, pg_is_in_recovery()
  FROM pg_control_system() c, pg_control_checkpoint() k

-- name: followers
-- Who follows this primary, how far behind in bytes and seconds, and whether commits wait for it.
SELECT r.application_name, r.state, r.sync_state, pg_wal_lsn_diff(pg_current_wal_lsn(), r.flush_lsn)::bigint,
       pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn)::bigint, extract(epoch FROM coalesce(r.flush_lag, '0'))::float8
  FROM pg_catalog.pg_stat_replication r
 WHERE r.usename = %(role)s

-- name: slot
-- What the server keeps for a standby that is away.
SELECT s.active, coalesce(s.wal_status, ''), pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)::bigint
  FROM pg_catalog.pg_replication_slots s
 WHERE s.slot_name = %(slot)s

-- name: waits_for
-- Which standby commits wait for; empty for none.
SELECT current_setting('synchronous_standby_names')

-- name: following
-- How far this standby is: what the primary had when it was last heard, what is stored here, what is replayed.
SELECT pg_is_in_recovery(), coalesce(w.status, 'not connected'),
       coalesce(pg_wal_lsn_diff(w.latest_end_lsn, pg_last_wal_receive_lsn()), 0)::bigint,
       coalesce(pg_wal_lsn_diff(coalesce(w.latest_end_lsn, pg_last_wal_receive_lsn()), pg_last_wal_replay_lsn()), 0)::bigint,
       CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND w.status = 'streaming' THEN 0
            ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END::float8,
       extract(epoch FROM clock_timestamp() - w.last_msg_receipt_time)::float8
  FROM (SELECT 1) AS always
  LEFT JOIN pg_catalog.pg_stat_wal_receiver w ON true

-- name: promote
-- From now on this server takes writes, on a timeline of its own.
SELECT pg_promote(true, 60)
