-- Why somebody cancelled is kept, sealed, with the booking, where retention overwrites it; the record says only that a reason was
-- given. (Nobody may rewrite the record, so nothing that has to go stands in it.)
ALTER TABLE booking.booking ADD COLUMN cancel_reason bytea;

-- Common visitors that their account has not used for long are erased, as if it had taken them off.
ALTER TABLE retention.period DROP CONSTRAINT period_kind_check;
ALTER TABLE retention.period ADD CONSTRAINT period_kind_check CHECK (kind IN ('bookings', 'messages', 'reasons', 'visitors'));
INSERT INTO retention.period (kind, days, through)
VALUES ('visitors', 730, (clock_timestamp() AT TIME ZONE 'UTC')::date - 730);

-- As before, and: a booking's cancel_reason goes with its party; a visitor whom the account gave no place for so long goes.
CREATE OR REPLACE FUNCTION retention.erase(wanted text, most integer, OUT erased integer, OUT is_done boolean)
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
            UPDATE booking.booking b SET party = '', cancel_reason = NULL
             WHERE b.id IN (SELECT l.booking_id FROM booking.line l JOIN booking.booking k ON k.id = l.booking_id
                             WHERE l.slot_id = one.id AND (k.party <> '' OR k.cancel_reason IS NOT NULL)
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
    ELSIF wanted = 'visitors' THEN
        after := p.after_id;
        FOR one IN SELECT v.id FROM accounts.visitor v WHERE v.id > p.after_id ORDER BY v.id LIMIT most
        LOOP
            seen := seen + 1;
            p.after_id := one.id;
        END LOOP;
        UPDATE accounts.visitor v SET sealed = '', removed_at = began
         WHERE v.id > after AND v.id <= p.after_id AND NOT v.is_self AND v.removed_at IS NULL AND v.created_at < due_at
           AND NOT EXISTS (SELECT FROM booking.place o JOIN booking.booking k ON k.id = o.booking_id
                            WHERE o.person_key = v.person_key AND o.is_live AND o.on_date >= due_before
                              AND k.holder_id = v.traveller_id);
        GET DIAGNOSTICS erased = ROW_COUNT;
        is_done := seen < most;
        IF is_done THEN
            p.after_id := 0;  -- anybody may fall out of use: each pass looks at all
        END IF;
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

CREATE OR REPLACE FUNCTION retention.due(most integer) RETURNS TABLE (kind text, due bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.kind, CASE p.kind
        WHEN 'bookings' THEN (SELECT count(*) FROM (
            SELECT FROM booking.booking b
             WHERE (b.party <> '' OR b.cancel_reason IS NOT NULL) AND EXISTS (SELECT FROM booking.line l WHERE l.booking_id = b.id)
               AND NOT EXISTS (SELECT FROM booking.line l WHERE l.booking_id = b.id AND l.on_date >= p.due_before) LIMIT most) AS x)
        WHEN 'messages' THEN (SELECT count(*) FROM (
            SELECT FROM notifications.message m
             WHERE m.sealed <> '' AND m.created_at < p.due_before::timestamp AT TIME ZONE 'UTC' LIMIT most) AS x)
        WHEN 'visitors' THEN (SELECT count(*) FROM (
            SELECT FROM accounts.visitor v
             WHERE NOT v.is_self AND v.removed_at IS NULL AND v.created_at < p.due_before::timestamp AT TIME ZONE 'UTC'
               AND NOT EXISTS (SELECT FROM booking.place o JOIN booking.booking k ON k.id = o.booking_id
                                WHERE o.person_key = v.person_key AND o.is_live AND o.on_date >= p.due_before
                                  AND k.holder_id = v.traveller_id) LIMIT most) AS x)
        ELSE (SELECT count(*) FROM (
            SELECT FROM gate.undo u WHERE u.reason <> '' AND u.at < p.due_before::timestamp AT TIME ZONE 'UTC' LIMIT most) AS x)
        END
      FROM retention.period_v p
$$;

-- A password that was just proved is stored as passwords are now, and nothing else: it must still be what was read, and the
-- new value must be keyed and bound to its login, which needs the key that no database has.
CREATE FUNCTION accounts.renew_password(who bigint, was text, becomes text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF becomes !~ '^scrypt-of\$[1-9][0-9]*\$[0-9]+\$[0-9]+\$[0-9]+\$[0-9a-f]{32}\$[0-9a-f]{64}$' OR becomes IS NULL THEN
        RAISE EXCEPTION 'becomes: not a password as it is stored now' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    UPDATE accounts.staff s SET password_hash = becomes
     WHERE s.id = who AND s.password_hash = was AND s.is_active AND was <> '-';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO audit.entry (at, actor, action, subject)
    VALUES (clock_timestamp(), 'system:database', 'staff.password_renewed', 'staff:' || who);
    RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION accounts.renew_password(bigint, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts.renew_password(bigint, text, text) TO wenyue_app;
