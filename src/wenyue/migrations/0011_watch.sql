-- What the monitor keeps: beats of whatever must stay alive, whose turn it is, how far it has looked, alerts and silences.
CREATE SCHEMA watch;
CREATE TABLE watch.heartbeat (
    partner     text PRIMARY KEY CHECK (partner ~ '^[a-z0-9][a-z0-9:._-]{0,79}$'),
    at          timestamptz NOT NULL,
    every_s     integer NOT NULL CHECK (every_s BETWEEN 1 AND 2678400),
    says        text NOT NULL DEFAULT '',           -- what the partner told about itself, for operators
    is_retired  boolean NOT NULL DEFAULT false      -- true: nobody waits for it any more
);
-- For partners that speak SQL; `wenyue.watch.beat` is the same in Python.
CREATE FUNCTION watch.beat(partner text, every_s integer, says text DEFAULT '') RETURNS void
LANGUAGE sql AS $$
    INSERT INTO watch.heartbeat AS h (partner, at, every_s, says)
    VALUES (beat.partner, clock_timestamp(), beat.every_s, left(beat.says, 200))
    ON CONFLICT (partner) DO UPDATE
       SET at = excluded.at, every_s = excluded.every_s, says = excluded.says, is_retired = false
$$;

-- One row per monitor: that it writes proves that the database takes writes; the clocks of all nodes are compared in it.
CREATE TABLE watch.node (
    name        text PRIMARY KEY,
    at          timestamptz NOT NULL,               -- the database's clock
    ahead_s     double precision NOT NULL           -- how far the node's clock is ahead of the database's
);
-- Which monitor looks after what all nodes share, until when.
CREATE TABLE watch.turn (
    name        text PRIMARY KEY,
    node        text NOT NULL,
    until       timestamptz NOT NULL
);
-- How far a pass over everything has come.
CREATE TABLE watch.pass (
    name        text PRIMARY KEY,
    place       jsonb NOT NULL,                     -- where the next step begins
    began_at    timestamptz NOT NULL,
    finished_at timestamptz,                        -- the last time that a pass came to its end
    looked_at   bigint NOT NULL DEFAULT 0           -- rows in this pass so far
);
CREATE TABLE watch.alert (
    id          uuid PRIMARY KEY,
    node        text NOT NULL,
    subject     text NOT NULL,                      -- check, or check:detail
    severity    text NOT NULL CHECK (severity IN ('warning', 'critical')),
    fired_at    timestamptz NOT NULL,
    resolved_at timestamptz,
    says        text NOT NULL
);
CREATE INDEX alert_fired_idx ON watch.alert (fired_at DESC);
CREATE TABLE watch.silence (
    subject     text PRIMARY KEY,
    until       timestamptz NOT NULL,
    why         text NOT NULL
);
GRANT USAGE ON SCHEMA watch TO wenyue_app;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA watch TO wenyue_app;
GRANT EXECUTE ON FUNCTION watch.beat(text, integer, text) TO wenyue_app;

-- The job queue's tables are made after the migrations, so the function is read when it is called. Bounded: of a long
-- queue the oldest hundred are looked at.
CREATE FUNCTION watch.jobs(OUT waiting bigint, OUT oldest_s double precision, OUT failed bigint, OUT abandoned bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT count(*), count(*) FILTER (WHERE w.id IS NULL OR w.last_heartbeat < now() - interval '2 minutes')
      INTO waiting, abandoned
      FROM public.procrastinate_jobs j
      LEFT JOIN public.procrastinate_workers w ON w.id = j.worker_id
     WHERE j.status = 'doing';
    SELECT count(*), coalesce(max(extract(epoch FROM clock_timestamp() - t.due)), 0)
      INTO waiting, oldest_s
      FROM (SELECT coalesce(j.scheduled_at, (SELECT min(e.at) FROM public.procrastinate_events e WHERE e.job_id = j.id)) AS due
              FROM (SELECT id, scheduled_at FROM public.procrastinate_jobs
                     WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())
                     ORDER BY id LIMIT 100) AS j) AS t;
    SELECT count(*) INTO failed
      FROM (SELECT id FROM public.procrastinate_jobs WHERE status = 'failed' ORDER BY id DESC LIMIT 1000) AS j
     WHERE EXISTS (SELECT FROM public.procrastinate_events e
                    WHERE e.job_id = j.id AND e.at > now() - interval '1 day');
END $$;
-- Replication as seen by its owner: the application itself may not read these figures. Where the owner may not either
-- (GRANT pg_monitor TO …), `state` is NULL and the monitor says so.
CREATE FUNCTION watch.standbys()
RETURNS TABLE (name text, state text, sync_state text, behind_bytes bigint, behind_s double precision)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT application_name, r.state, r.sync_state,
           CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), r.flush_lsn)::bigint END,
           extract(epoch FROM r.flush_lag)::double precision
      FROM pg_stat_replication r
     WHERE application_name NOT IN ('pg_basebackup', 'pg_receivewal')
     ORDER BY 1
     LIMIT 32
$$;
REVOKE EXECUTE ON FUNCTION watch.standbys() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION watch.jobs(), watch.standbys() TO wenyue_app;

-- What the slices publish to the monitor: numbers and ids, nobody's name.
CREATE VIEW booking.pool_v AS
SELECT id, kind, venue_id, on_date, capacity, held, sold FROM booking.pool;
CREATE VIEW booking.slot_v AS
SELECT id, venue_id, on_date, ends_at, settled_at, is_open, pool_ids FROM booking.slot;
CREATE VIEW booking.booking_v AS
SELECT id, state, hold_until FROM booking.booking;
CREATE VIEW booking.line_v AS
SELECT booking_id, line_no, slot_id, venue_id, on_date, quantity, pool_ids, card_id, entitlement_no, is_live FROM booking.line;
CREATE VIEW booking.place_v AS
SELECT booking_id, line_no, visitor_no, person_key, scope, on_date, is_live FROM booking.place;
CREATE VIEW booking.outbox_v AS
SELECT id, kind, at, done_at FROM booking.outbox;
CREATE VIEW cards.entitlement_v AS
SELECT card_id, no, granted, used FROM cards.entitlement;
CREATE VIEW audit.progress_v AS
SELECT s.no, s.at AS sealed_at, s.upto_xid,
       (SELECT min(e.at) FROM (SELECT at FROM audit.entry WHERE xid >= coalesce(s.upto_xid, '0'::xid8) ORDER BY xid, id LIMIT 100) AS e)
           AS unsealed_since
  FROM (SELECT 1) AS always
  LEFT JOIN LATERAL (SELECT no, at, upto_xid FROM audit.seal ORDER BY no DESC LIMIT 1) AS s ON true;
GRANT SELECT ON booking.pool_v, booking.slot_v, booking.booking_v, booking.line_v, booking.place_v, booking.outbox_v,
    cards.entitlement_v, audit.progress_v TO wenyue_app;
