-- What happened, for everybody whom it concerns later. Whoever changes something appends to it in its own transaction;
-- subscribers read it, each from its own position. No personal data stands here: ids, days, numbers and codes.
CREATE SCHEMA events;
CREATE TABLE events.event (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at          timestamptz NOT NULL,
    kind        text NOT NULL,                      -- events.kinds: the tag of its type
    version     smallint NOT NULL DEFAULT 1,        -- of that type
    booking_ids uuid[],                             -- one event each; a batch of bookings is one row a kind
    subject     text,                               -- whom it is about, where that is no booking: card:7
    body        jsonb,                              -- the type's further fields
    CONSTRAINT event_is_about_something CHECK (num_nonnulls(booking_ids, subject) = 1)
);
CREATE INDEX event_xid_idx ON events.event (xid);

-- How far each subscriber has come. It goes from snapshot to snapshot: whatever `target` sees and `done` does not see is handled
-- in the order of ids, so what commits late is in a later snapshot, and nothing is passed over.
CREATE TABLE events.subscriber (
    name        text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9-]{0,39}$'),
    done        pg_snapshot NOT NULL,               -- what it sees is behind the subscriber
    target      pg_snapshot,                        -- what it is going through; NULL: nothing
    after_id    bigint NOT NULL DEFAULT 0,          -- … and how far it has come in that
    failures    integer NOT NULL DEFAULT 0 CHECK (failures BETWEEN 0 AND 1000),  -- in a row, of everything it tried
    resting_until timestamptz,                      -- … and when it is tried again
    error       text NOT NULL DEFAULT '',           -- what failed and in which line, never the message
    moved_at    timestamptz,
    lost        bigint NOT NULL DEFAULT 0,          -- events that were dropped before it came to them
    lost_at     timestamptz
);

-- Events whose handling failed, and those of the same subject that wait behind them; of one subscriber.
CREATE TABLE events.undelivered (
    subscriber  text NOT NULL REFERENCES events.subscriber ON DELETE CASCADE,
    subject     text NOT NULL,
    event_id    bigint NOT NULL,
    tries       integer NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 1000),
    due_at      timestamptz,                        -- when the subject is tried again; NULL: it waits behind another, or is parked
    parked_at   timestamptz,                        -- not tried again by itself
    error       text NOT NULL DEFAULT '',
    since       timestamptz NOT NULL,
    PRIMARY KEY (subscriber, subject, event_id)
);
CREATE INDEX undelivered_due_idx ON events.undelivered (subscriber, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX undelivered_event_idx ON events.undelivered (event_id);

-- The first event that a subscriber has before it. The planner cannot know how few rows two snapshots leave, and would read the
-- whole table; `+ 0` keeps it from walking up the primary key.
CREATE FUNCTION events.first_ahead(done pg_snapshot, target pg_snapshot) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE SET enable_seqscan = off SET search_path = pg_catalog, pg_temp AS $$
    SELECT min(e.id + 0) FROM events.event e
     WHERE e.xid >= pg_snapshot_xmin(done) AND NOT pg_visible_in_snapshot(e.xid, done)
       AND (target IS NULL OR pg_visible_in_snapshot(e.xid, target))
$$;
-- How many rows a subscriber has before it, counted up to ten thousand, and for how long the oldest of them has waited.
CREATE FUNCTION events.ahead(done pg_snapshot, target pg_snapshot, after_id bigint, OUT waiting bigint, OUT oldest_s double precision)
LANGUAGE sql STABLE PARALLEL SAFE SET enable_seqscan = off SET search_path = pg_catalog, pg_temp AS $$
    SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(n.at)), 0)::float8
      FROM (SELECT e.at FROM events.event e
             WHERE e.xid >= pg_snapshot_xmin(done) AND NOT pg_visible_in_snapshot(e.xid, done)
               AND NOT (target IS NOT NULL AND e.id <= after_id AND pg_visible_in_snapshot(e.xid, target))
             LIMIT 10000) AS n
$$;
REVOKE EXECUTE ON FUNCTION events.first_ahead(pg_snapshot, pg_snapshot) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION events.ahead(pg_snapshot, pg_snapshot, bigint) FROM PUBLIC;

-- For the monitor: how much each subscriber has before it, and what is stuck.
CREATE VIEW events.lag_v AS
SELECT s.name, s.failures, s.error, s.moved_at, s.lost, s.lost_at, ahead.waiting, ahead.oldest_s,
       stuck.retried, stuck.parked, stuck.parked_since
  FROM events.subscriber s
 CROSS JOIN LATERAL events.ahead(s.done, s.target, s.after_id) AS ahead
 CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE u.due_at IS NOT NULL) AS retried,
              count(DISTINCT u.subject) FILTER (WHERE u.parked_at IS NOT NULL) AS parked,
              min(u.parked_at) AS parked_since
         FROM events.undelivered u WHERE u.subscriber = s.name) AS stuck;
CREATE VIEW events.event_v AS
SELECT id, at, kind FROM events.event;
GRANT USAGE ON SCHEMA events TO wenyue_app;
GRANT EXECUTE ON FUNCTION events.first_ahead(pg_snapshot, pg_snapshot) TO wenyue_app;
GRANT EXECUTE ON FUNCTION events.ahead(pg_snapshot, pg_snapshot, bigint) TO wenyue_app;
GRANT SELECT ON events.lag_v, events.event_v TO wenyue_app;
