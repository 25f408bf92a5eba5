-- How long personal data is kept, and overwriting it afterwards (PIPL art. 19 and 47: the shortest period that is necessary).
CREATE SCHEMA retention;
-- The periods in force, and how far erasing has come. The application reads them and cannot change them.
CREATE TABLE retention.period (
    kind        text PRIMARY KEY CHECK (kind IN ('bookings', 'messages', 'reasons')),
    days        integer NOT NULL CHECK (days BETWEEN 30 AND 3660),
    changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    through     date NOT NULL,                      -- everything of days before this one was gone through
    is_passing  boolean NOT NULL DEFAULT true,      -- a pass is under way
    from_start_at timestamptz NOT NULL DEFAULT clock_timestamp(),  -- when a pass last began with the oldest row
    after_day   date NOT NULL DEFAULT '-infinity',  -- bookings: the session gone through last, its day and its id
    after_id    bigint NOT NULL DEFAULT 0,          -- … messages: the message gone through last
    after_at    timestamptz NOT NULL DEFAULT '-infinity'  -- reasons: when the undo gone through last was
);
INSERT INTO retention.period (kind, days, through)
SELECT k.kind, 180, (clock_timestamp() AT TIME ZONE 'UTC')::date - 180 FROM unnest(ARRAY['bookings', 'messages', 'reasons']) AS k(kind);

CREATE VIEW retention.period_v AS
SELECT kind, days, through, (clock_timestamp() AT TIME ZONE 'UTC')::date - days AS due_before, changed_at FROM retention.period;
GRANT USAGE ON SCHEMA retention TO wenyue_app;

-- Sessions in the order of their days: a booking pays nothing for finding what is due.
CREATE INDEX slot_day_idx ON booking.slot (on_date, id);

-- Overwrites at most `most` sealed values of a kind that are past their period by this server's clock, and writes the count down.
-- Whoever speaks as the application can erase nothing else. Called again it goes on where it stopped; weekly it begins with
-- the oldest row again, for what came later (bookings of the past that were brought in).
CREATE FUNCTION retention.erase(wanted text, most integer, OUT erased integer, OUT is_done boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    p retention.period;
    due_before date;
    due_at timestamptz;
    one record;
    n integer;
    after bigint;
    seen integer := 0;
    began timestamptz := clock_timestamp();
BEGIN
    IF most NOT BETWEEN 1 AND 10000 OR most IS NULL THEN
        RAISE EXCEPTION 'most: 1 to 10000' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT * INTO p FROM retention.period r WHERE r.kind = wanted FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'kind %: there is no such kind', wanted USING ERRCODE = 'invalid_parameter_value';
    END IF;
    due_before := (clock_timestamp() AT TIME ZONE 'UTC')::date - p.days;
    due_at := due_before::timestamp AT TIME ZONE 'UTC';
    erased := 0;
    is_done := true;
    IF NOT p.is_passing THEN
        IF p.from_start_at > began - interval '7 days' THEN
            IF p.through >= due_before THEN
                RETURN;  -- gone through today
            END IF;
        ELSE
            p.from_start_at := began;
            p.after_day := '-infinity';
            p.after_id := 0;
            p.after_at := '-infinity';
        END IF;
    END IF;

    IF wanted = 'bookings' THEN
        FOR one IN SELECT s.id, s.on_date FROM booking.slot s
                    WHERE (s.on_date, s.id) > (p.after_day, p.after_id) AND s.on_date < due_before
                    ORDER BY s.on_date, s.id LIMIT 200
        LOOP
            UPDATE booking.booking b SET party = ''
             WHERE b.id IN (SELECT l.booking_id FROM booking.line l JOIN booking.booking k ON k.id = l.booking_id
                             WHERE l.slot_id = one.id AND k.party <> ''
                               AND NOT EXISTS (SELECT FROM booking.line o WHERE o.booking_id = l.booking_id AND o.on_date >= due_before)
                             LIMIT most - erased);
            GET DIAGNOSTICS n = ROW_COUNT;
            erased := erased + n;
            seen := seen + 1;
            is_done := erased < most AND seen < 200;
            EXIT WHEN erased >= most;  -- the session may have more
            p.after_day := one.on_date;
            p.after_id := one.id;
            IF clock_timestamp() > began + interval '1 second' THEN  -- a short transaction, however many came to these sessions
                is_done := false;
                EXIT;
            END IF;
        END LOOP;
    ELSIF wanted = 'messages' THEN
        after := p.after_id;
        FOR one IN SELECT m.id, m.created_at FROM notifications.message m WHERE m.id > p.after_id ORDER BY m.id LIMIT most
        LOOP
            EXIT WHEN one.created_at >= due_at;
            seen := seen + 1;
            p.after_id := one.id;
        END LOOP;
        UPDATE notifications.message m SET sealed = '', state = CASE m.state WHEN 'queued' THEN 'failed' ELSE m.state END
         WHERE m.id > after AND m.id <= p.after_id AND m.sealed <> '';
        GET DIAGNOSTICS erased = ROW_COUNT;
        is_done := seen < most;
    ELSE
        FOR one IN SELECT u.scan_id, u.at FROM gate.undo u
                    WHERE u.at >= p.after_at AND u.at < due_at AND u.reason <> '' ORDER BY u.at, u.scan_id LIMIT most
        LOOP
            UPDATE gate.undo u SET reason = '' WHERE u.scan_id = one.scan_id;
            UPDATE booking.redemption r SET undo_reason = '' WHERE r.id = one.scan_id AND r.undo_reason <> '';
            erased := erased + 1;
            p.after_at := one.at;
        END LOOP;
        is_done := erased < most;
    END IF;

    IF is_done THEN
        p.through := greatest(p.through, due_before);
    END IF;
    UPDATE retention.period r
       SET is_passing = NOT is_done, through = p.through, from_start_at = p.from_start_at,
           after_day = p.after_day, after_id = p.after_id, after_at = p.after_at
     WHERE r.kind = wanted;
    IF erased > 0 THEN
        INSERT INTO audit.entry (at, actor, action, subject, detail)
        VALUES (clock_timestamp(), 'system:database', 'retention.erased', 'kind:' || wanted,
                jsonb_build_object('count', erased, 'days', p.days));
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION retention.erase(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retention.erase(text, integer) TO wenyue_app;

-- How many values are due, counted up to `most` each. For the owner: it reads whole tables.
CREATE FUNCTION retention.due(most integer) RETURNS TABLE (kind text, due bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.kind, CASE p.kind
        WHEN 'bookings' THEN (SELECT count(*) FROM (
            SELECT FROM booking.booking b
             WHERE b.party <> '' AND EXISTS (SELECT FROM booking.line l WHERE l.booking_id = b.id)
               AND NOT EXISTS (SELECT FROM booking.line l WHERE l.booking_id = b.id AND l.on_date >= p.due_before) LIMIT most) AS x)
        WHEN 'messages' THEN (SELECT count(*) FROM (
            SELECT FROM notifications.message m
             WHERE m.sealed <> '' AND m.created_at < p.due_before::timestamp AT TIME ZONE 'UTC' LIMIT most) AS x)
        ELSE (SELECT count(*) FROM (
            SELECT FROM gate.undo u WHERE u.reason <> '' AND u.at < p.due_before::timestamp AT TIME ZONE 'UTC' LIMIT most) AS x)
        END
      FROM retention.period_v p
$$;
REVOKE EXECUTE ON FUNCTION retention.due(integer) FROM PUBLIC;
