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
-- The standing invariants over stored rows: counters equal bookings (a no-show keeps its places), nothing oversold, lines and
-- states agree.
WITH live AS (
    SELECT l.booking_id, l.line_no, l.quantity, l.pool_ids, l.card_id, l.entitlement_no, b.state
      FROM booking.line l
      LEFT JOIN booking.booking b ON b.id = l.booking_id
     WHERE l.is_live),
drawn AS (
    SELECT d.pool_id, coalesce(sum(live.quantity) FILTER (WHERE live.state = 1), 0) AS held,
           coalesce(sum(live.quantity) FILTER (WHERE live.state IN (2, 5)), 0) AS sold
      FROM live CROSS JOIN LATERAL unnest(live.pool_ids) AS d (pool_id)
     GROUP BY d.pool_id),
spent AS (
    SELECT live.card_id, live.entitlement_no AS no, sum(live.quantity) AS used
      FROM live
     WHERE live.card_id IS NOT NULL
     GROUP BY live.card_id, live.entitlement_no),
violations (says) AS (
    SELECT format('pool %%s counts %%s held and %%s sold, its bookings %%s and %%s', p.id, p.held, p.sold,
                  coalesce(drawn.held, 0), coalesce(drawn.sold, 0))
      FROM booking.pool p LEFT JOIN drawn ON drawn.pool_id = p.id
     WHERE (p.held, p.sold) IS DISTINCT FROM (coalesce(drawn.held, 0)::integer, coalesce(drawn.sold, 0)::integer)
    UNION ALL
    SELECT format('pool %%s has %%s places and gave %%s', p.id, p.capacity, p.held + p.sold)
      FROM booking.pool p
     WHERE p.held + p.sold > p.capacity
    UNION ALL
    SELECT format('line %%s of %%s has no booking', live.line_no, live.booking_id) FROM live WHERE live.state IS NULL
    UNION ALL
    SELECT format('booking %%s is kept in state %%s and has %%s live lines', b.id, b.state, count(live.line_no))
      FROM booking.booking b LEFT JOIN live ON live.booking_id = b.id
     GROUP BY b.id, b.state
    HAVING (b.state IN (1, 2, 5)) <> (count(live.line_no) > 0)
    UNION ALL
    SELECT format('%%s places on %%s in scope %%s for one person', count(*), p.on_date, p.scope)
      FROM booking.place p
     WHERE p.is_live
     GROUP BY p.person_key, p.on_date, p.scope
    HAVING count(*) > 1
    UNION ALL
    SELECT format('entitlement %%s of card %%s: %%s used, its bookings use %%s', e.no, e.card_id, e.used,
                  coalesce(spent.used, 0))
      FROM cards.entitlement e LEFT JOIN spent ON spent.card_id = e.card_id AND spent.no = e.no
     WHERE e.used <> coalesce(spent.used, 0) OR e.used < 0 OR e.used > e.granted)
SELECT v.says FROM violations v ORDER BY v.says LIMIT 20
