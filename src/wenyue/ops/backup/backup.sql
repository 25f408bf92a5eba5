-- name: facts
-- What a backup must know about the server that it copies.
SELECT c.system_identifier::text, current_setting('server_version_num')::integer, current_setting('wal_level'),
       pg_size_bytes(current_setting('wal_segment_size')), pg_is_in_recovery(), current_database()::text,
       (SELECT r.rolreplication OR r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user),
       clock_timestamp(), (SELECT count(*) FROM pg_catalog.pg_tablespace) - 2,
       (SELECT sum(pg_database_size(d.oid))::bigint FROM pg_catalog.pg_database d WHERE has_database_privilege(d.oid, 'CONNECT'))
  FROM pg_control_system() c

-- name: settings
-- Settings that recovery must not undercut, and those that decide how backups are taken.
SELECT name, setting
  FROM pg_catalog.pg_settings
 WHERE name IN ('max_connections', 'max_worker_processes', 'max_wal_senders', 'max_prepared_transactions',
                'max_locks_per_transaction', 'summarize_wal', 'max_slot_wal_keep_size')

-- name: slot
-- Whether the server still keeps the log that a run continues with.
SELECT coalesce(wal_status, ''), active FROM pg_catalog.pg_replication_slots WHERE slot_name = %(slot)s

-- name: slots
-- The slots that nobody reads from at this moment, as ours never are.
SELECT slot_name::text FROM pg_catalog.pg_replication_slots WHERE NOT active ORDER BY slot_name LIMIT 100

-- name: slot_start
-- From where on the server keeps log for a run, and the segment that this is in; a slot that was lost has no place.
SELECT s.restart_lsn::text, pg_walfile_name(s.restart_lsn + 1)
  FROM pg_catalog.pg_replication_slots s
 WHERE s.slot_name = %(slot)s AND s.restart_lsn IS NOT NULL

-- name: slot_goes_on
-- What lies before is stored: the server need not keep it any more.
SELECT pg_replication_slot_advance(%(slot)s, %(position)s::pg_lsn)

-- name: make_slot
-- From here on the server keeps its log for us, within max_slot_wal_keep_size.
SELECT pg_create_physical_replication_slot(%(slot)s, true)

-- name: drop_slot
-- The server need not keep log for this run any more.
SELECT pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = %(slot)s AND NOT active

-- name: mark
-- A commit of this very instant, so that the log proves to have reached it.
SELECT pg_logical_emit_message(true, 'wenyue', 'backup')::text, clock_timestamp()

-- name: position
-- Where the log ends now.
SELECT pg_current_wal_insert_lsn()::text

-- name: has_tables
-- Whether this is a database of ours at all.
SELECT to_regclass('booking.booking') IS NOT NULL AND to_regclass('audit.entry') IS NOT NULL

-- name: counts
-- Rows of what must never get lost.
SELECT (SELECT count(*) FROM catalogue.venue) AS venues, (SELECT count(*) FROM accounts.traveller) AS travellers,
       (SELECT count(*) FROM cards.card) AS cards, (SELECT count(*) FROM booking.pool) AS pools,
       (SELECT count(*) FROM booking.booking) AS bookings, (SELECT count(*) FROM booking.line) AS lines,
       (SELECT count(*) FROM booking.place) AS places, (SELECT count(*) FROM audit.entry) AS entries

-- name: violations
-- What breaks the standing invariants.
WITH {standing}
SELECT broken.says FROM broken ORDER BY broken.says LIMIT 20

-- name: newest_seal
-- The newest link of the audit record.
SELECT no, digest FROM audit.seal ORDER BY no DESC LIMIT 1
