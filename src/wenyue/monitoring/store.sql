-- name: beat
-- A sign of life of a partner or worker, by the database's clock.
SELECT monitoring.beat(%(partner)s, %(every_s)s, %(says)s)

-- name: retire
-- Nobody waits for this partner any more.
UPDATE monitoring.heartbeat SET is_retired = true WHERE partner = %(partner)s AND NOT is_retired

-- name: beats
-- The last sign of life of everybody who is waited for; workers and monitors that ended long ago are not.
SELECT partner, extract(epoch FROM clock_timestamp() - at)::double precision, every_s, says
  FROM monitoring.heartbeat
 WHERE NOT is_retired AND NOT (partner ~ '^(worker|monitor):' AND at < clock_timestamp() - interval '1 day')
 ORDER BY partner
 LIMIT %(limit)s

-- name: health
-- State, connections, transaction numbers and the longest open transaction of this database.
SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on',
       (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type IS NULL OR backend_type = 'client backend'),
       current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer,
       (SELECT max(age(datfrozenxid)) FROM pg_catalog.pg_database),
       coalesce((SELECT max(extract(epoch FROM clock_timestamp() - xact_start)) FROM pg_catalog.pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'), 0)::double precision,
       clock_timestamp()

-- name: push
-- The monitor's own write: proves that commits are taken and confirmed, and compares the clocks.
INSERT INTO monitoring.node AS n (name, at, ahead_s) VALUES (%(node)s, clock_timestamp(), %(ahead_s)s)
ON CONFLICT (name) DO UPDATE SET at = excluded.at, ahead_s = excluded.ahead_s

-- name: nodes
-- How far each node's clock is ahead of the database's, as it said within the last minutes.
SELECT name, ahead_s FROM monitoring.node WHERE at > clock_timestamp() - interval '5 minutes' ORDER BY name LIMIT 64

-- name: take_turn
-- Take or keep the turn; no row when another node has it.
INSERT INTO monitoring.turn AS t (name, node, until)
VALUES ('monitor', %(node)s, clock_timestamp() + make_interval(secs => %(for_s)s))
ON CONFLICT (name) DO UPDATE SET node = excluded.node, until = excluded.until
 WHERE t.node = excluded.node OR t.until < clock_timestamp()
RETURNING node

-- name: standbys
-- Who follows this server, as its owner may see it.
SELECT name, state, sync_state, behind_bytes, behind_s FROM monitoring.standbys()

-- name: promises
-- Whom a commit waits for, slots whose log was dropped, and slots of backups that keep log and that no fetch moved on for days
-- (only since PostgreSQL 17 is it known since when).
SELECT current_setting('synchronous_standby_names'),
       array(SELECT slot_name::text FROM pg_catalog.pg_replication_slots WHERE wal_status = 'lost' ORDER BY slot_name LIMIT 16),
       array(SELECT s.slot_name::text FROM pg_catalog.pg_replication_slots s
              WHERE s.slot_name ~ '^wenyue_[0-9]{6}_[0-9a-f]{8}$' AND NOT s.active
                AND CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_lsn() - s.restart_lsn >= %(idle_bytes)s END
                AND (to_jsonb(s) ->> 'inactive_since')::timestamptz <= clock_timestamp() - make_interval(secs => %(idle_s)s)
              ORDER BY s.slot_name LIMIT 16)

-- name: later
-- Work that waits, and since when.
SELECT (SELECT count(*) FROM booking.booking_v b WHERE b.hold_until < clock_timestamp() - make_interval(secs => %(overdue_s)s)),
       j.waiting, j.oldest_s, j.failed, j.abandoned,
       (SELECT count(*) FROM (SELECT s.id FROM booking.slot_v s
                               WHERE s.settled_at IS NULL AND s.ends_at < clock_timestamp() - interval '2 days' LIMIT 1000) AS u),
       coalesce((SELECT extract(epoch FROM clock_timestamp() - min(s.ends_at)) FROM booking.slot_v s
                  WHERE s.settled_at IS NULL AND s.ends_at < clock_timestamp()), 0)::double precision
  FROM monitoring.jobs() AS j

-- name: events
-- How far each subscriber has come; notes of an earlier version that wait; events that nobody has ever listened to.
SELECT l.name, l.waiting, l.oldest_s, l.retried, l.parked, l.failures, l.error, l.lost,
       coalesce(extract(epoch FROM clock_timestamp() - l.lost_at), 0)::double precision
  FROM events.lag_v l
UNION ALL
SELECT %(old_notes)s, count(*), extract(epoch FROM clock_timestamp() - min(n.at))::double precision, 0, 0, 0, '', 0, 0
  FROM (SELECT v.at FROM booking.outbox_v v WHERE v.done_at IS NULL ORDER BY v.id LIMIT 1000) AS n
HAVING count(*) > 0
UNION ALL
SELECT %(nobody)s, count(*), extract(epoch FROM clock_timestamp() - min(e.at))::double precision, 0, 0, 0, '', 0, 0
  FROM (SELECT v.at FROM events.event_v v
         WHERE NOT EXISTS (SELECT FROM events.lag_v) ORDER BY v.id LIMIT 1000) AS e
HAVING count(*) > 0

-- name: undos
-- Admissions taken back within a day: places more than once, by one keeper at most, tries refused for want of a second person.
SELECT (SELECT count(*) FROM (SELECT FROM gate.undo_v u
                               WHERE u.at > clock_timestamp() - interval '1 day'
                               GROUP BY u.booking_id, u.line_no, u.visitor_no HAVING count(*) > 1 LIMIT 1000) AS p),
       coalesce((SELECT max(k.undone) FROM (SELECT count(*) AS undone FROM gate.undo_v u
                                             WHERE u.at > clock_timestamp() - interval '1 day'
                                             GROUP BY u.staff_id) AS k), 0),
       (SELECT count(*) FROM (SELECT FROM gate.undo_refused_v r
                               WHERE r.at > clock_timestamp() - interval '1 day' LIMIT 1000) AS r)

-- name: changes
-- What took effect by one person and nobody else has looked at in time; what waits; what takes effect by itself, and in how many minutes.
SELECT (SELECT count(*) FROM changes.waiting_v c WHERE c.review_by < clock_timestamp()),
       (SELECT count(*) FROM changes.waiting_v c WHERE c.state = 'waiting' AND c.expires_at > clock_timestamp()),
       array(SELECT c.kind || ' (' || greatest(0, ceil(extract(epoch FROM c.applies_at - clock_timestamp()) / 60)) || ' min)'
               FROM changes.waiting_v c
              WHERE c.state = 'waiting' AND c.applies_at IS NOT NULL AND c.expires_at > clock_timestamp()
              ORDER BY c.applies_at LIMIT 5)

-- name: record_age
-- Since when the oldest entry waits to be sealed, and how many links there are.
SELECT coalesce(extract(epoch FROM clock_timestamp() - p.unsealed_since), 0)::double precision, coalesce(p.no, 0)
  FROM audit.progress_v p

-- name: suspicious
-- Open findings of abuse by pattern: how many were seen within the hour, and how many are blocked.
SELECT f.pattern, count(*), count(*) FILTER (WHERE f.blocked_until > clock_timestamp())
  FROM abuse.finding_v f
 WHERE f.last_at > clock_timestamp() - interval '1 hour' OR f.blocked_until > clock_timestamp()
 GROUP BY f.pattern
 ORDER BY f.pattern
 LIMIT 20

-- name: retention
-- By how many days each kind of personal data is past its period; a period that was changed lately gets the same time.
SELECT p.kind, CASE WHEN p.changed_at > clock_timestamp() - make_interval(days => %(grace_days)s) THEN 0
                    ELSE greatest(0, p.due_before - p.through) END
  FROM retention.period_v p ORDER BY p.kind

-- name: staff_acts
-- What administrators did with the staff within an hour, the newest first; and how often in all.
SELECT v.what, v.staff_id, v.login, v.by_whom, count(*) OVER () FROM accounts.staff_act_v v
 WHERE v.at > clock_timestamp() - interval '1 hour' ORDER BY v.at DESC, v.id DESC LIMIT %(limit)s

-- name: demo_logins
-- Logins whose password everybody knows.
SELECT login FROM accounts.demo_login_v ORDER BY login LIMIT 20

-- name: open_alerts
-- What fires on behalf of all nodes: whoever takes the turn goes on from here.
SELECT id::text, subject, severity, fired_at, says, texts FROM monitoring.alert WHERE node = '' AND resolved_at IS NULL ORDER BY fired_at LIMIT 200

-- name: save_alert
-- An alert as it stands.
INSERT INTO monitoring.alert (id, node, subject, severity, fired_at, resolved_at, says, texts)
VALUES (%(id)s, %(node)s, %(subject)s, %(severity)s, %(fired_at)s, %(resolved_at)s, %(says)s, %(texts)s)
ON CONFLICT (id) DO UPDATE
   SET severity = excluded.severity, resolved_at = excluded.resolved_at, says = excluded.says, texts = excluded.texts

-- name: silences
-- What is silenced now.
SELECT subject, until, why FROM monitoring.silence WHERE until > clock_timestamp() ORDER BY subject LIMIT 200

-- name: silence
-- Silence a subject until then; an end in the past lifts it.
INSERT INTO monitoring.silence (subject, until, why) VALUES (%(subject)s, %(until)s, %(why)s)
ON CONFLICT (subject) DO UPDATE SET until = excluded.until, why = excluded.why

-- name: load_pass
-- How far a pass has come.
SELECT place, began_at, finished_at, looked_at FROM monitoring.pass WHERE name = %(name)s

-- name: save_pass
-- How far a pass has come.
INSERT INTO monitoring.pass (name, place, began_at, finished_at, looked_at)
VALUES (%(name)s, %(place)s, %(began_at)s, %(finished_at)s, %(looked_at)s)
ON CONFLICT (name) DO UPDATE
   SET place = excluded.place, began_at = excluded.began_at, finished_at = excluded.finished_at, looked_at = excluded.looked_at
