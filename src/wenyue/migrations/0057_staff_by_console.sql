-- Staff are written from the console, too, as the application: by one function for each act, which looks at the login that acts,
-- keeps it to the venues that it administers, leaves one administrator, and writes the record. The application itself still changes
-- no row of staff or of their duties. Commands go through the same functions, as the owner, and name who acts.

-- Who acts, as the record names them; NULL: this login is over, or nobody's who administers. One such act follows the other.
-- `acting`: the hash of a login's token; only the owner acts without one. A login that a PIN began is good for a gate alone.
CREATE FUNCTION accounts.administrator(acting bytea, by_name text, at_instant timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('accounts.duty', 0));
    IF acting IS NULL THEN
        IF NOT pg_has_role(session_user, current_user, 'MEMBER') THEN
            RAISE EXCEPTION 'staff are changed by a login that administers' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN by_name;
    END IF;
    SELECT s.id INTO found FROM accounts.login l JOIN accounts.staff s ON s.id = l.staff_id AND s.is_active
     WHERE l.token_hash = acting AND l.ended_at IS NULL AND l.expires_at > at_instant AND l.device_id IS NULL
       AND (l.idle_min IS NULL OR l.used_at > at_instant - make_interval(mins => l.idle_min))
       AND EXISTS (SELECT FROM accounts.duty d WHERE d.staff_id = s.id AND d.role = 'administrator');
    RETURN 'staff:' || found;
END
$$;

-- Refuse what is of a venue that the login does not administer; NULL among them: of the whole destination.
CREATE FUNCTION accounts.require_venues(acting bytea, venues bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF acting IS NOT NULL AND EXISTS (
        SELECT FROM unnest(venues) AS v (venue_id)
         WHERE NOT EXISTS (
            SELECT FROM accounts.login l JOIN accounts.duty d ON d.staff_id = l.staff_id AND d.role = 'administrator'
             WHERE l.token_hash = acting AND (d.venue_id IS NULL OR d.venue_id = v.venue_id))) THEN
        RAISE EXCEPTION 'they do not administer that venue' USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;

-- Who acts on somebody, as `administrator` says: whoever does administers every venue that the other holds a duty of; who holds
-- none is the whole destination's.
CREATE FUNCTION accounts.administrator_of(who bigint, acting bytea, by_name text, at_instant timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    actor text := accounts.administrator(acting, by_name, at_instant);
BEGIN
    IF actor IS NOT NULL THEN
        PERFORM accounts.require_venues(acting, (SELECT coalesce(array_agg(d.venue_id), ARRAY[NULL::bigint])
                                                   FROM accounts.duty d WHERE d.staff_id = who));
    END IF;
    RETURN actor;
END
$$;

-- A password that the application stores is keyed and bound to its login, which needs the key that no database has (as
-- accounts.renew_password): so nobody chooses one without that key. Only the owner stores none at all.
CREATE FUNCTION accounts.require_password(acting bytea, new_hash text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF new_hash IS NULL OR NOT (acting IS NULL AND new_hash = '-')
       AND new_hash !~ '^scrypt-of\$[1-9][0-9]*\$[0-9]+\$[0-9]+\$[0-9]+\$[0-9a-f]{32}\$[0-9a-f]{64}$' THEN
        RAISE EXCEPTION 'new_hash: not a password as it is stored now' USING ERRCODE = 'invalid_parameter_value';
    END IF;
END
$$;

CREATE FUNCTION accounts.administers_all(who bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM accounts.duty d JOIN accounts.staff s ON s.id = d.staff_id AND s.is_active
                    WHERE d.staff_id = who AND d.role = 'administrator' AND d.venue_id IS NULL)
$$;

-- Somebody who can sign in administers the whole destination. Asked where one who did does no longer.
CREATE FUNCTION accounts.require_an_administrator() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM accounts.staff s JOIN accounts.duty d ON d.staff_id = s.id
         WHERE s.is_active AND s.password_hash <> '-' AND d.role = 'administrator' AND d.venue_id IS NULL) THEN
        RAISE EXCEPTION 'the last administrator stays' USING ERRCODE = 'check_violation';
    END IF;
END
$$;

-- What administrators do with the staff is told by the monitor, whoever did it and in whatever way: so it is also written down where
-- the monitor finds it without going through the record, which is as long as all that ever happened. The application can write,
-- change and leave out as little of it as of the record. A week of it is kept.
CREATE TABLE accounts.staff_act (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL,
    what     text NOT NULL CHECK (what IN ('staff.hired', 'staff.reset', 'staff.duties_set', 'staff.retired')),
    staff_id bigint NOT NULL REFERENCES accounts.staff,
    actor    text NOT NULL                           -- as the record names them
);
CREATE INDEX staff_act_at_idx ON accounts.staff_act (at);
CREATE VIEW accounts.staff_act_v AS
SELECT a.id, a.at, a.what, a.staff_id, s.login, coalesce(b.login, a.actor) AS by_whom
  FROM accounts.staff_act a JOIN accounts.staff s ON s.id = a.staff_id
  LEFT JOIN accounts.staff b ON a.actor = 'staff:' || b.id;
GRANT SELECT ON accounts.staff_act_v TO wenyue_app;

-- In the record, and for the monitor. The record says of a hire and of a reset the same: who they are and what they hold from now on.
CREATE FUNCTION accounts.note_staff(acting bytea, actor text, at_instant timestamptz, what text, who bigint, said jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO audit.entry (at, actor, action, subject, detail)
    VALUES (CASE WHEN acting IS NULL THEN at_instant ELSE clock_timestamp() END, actor,
            CASE WHEN what IN ('staff.hired', 'staff.reset') THEN 'staff.saved' ELSE what END, 'staff:' || who, said);
    DELETE FROM accounts.staff_act a WHERE a.at < clock_timestamp() - interval '7 days';
    INSERT INTO accounts.staff_act (at, what, staff_id, actor)
    SELECT clock_timestamp(), what, who, actor WHERE what IN ('staff.hired', 'staff.reset', 'staff.duties_set', 'staff.retired')
$$;

-- Duties as the record has them.
CREATE FUNCTION accounts.duties_said(who bigint) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('duties', coalesce(jsonb_agg(t.said ORDER BY t.said COLLATE "C"), '[]'::jsonb))
      FROM (SELECT d.role || coalesce('@venue:' || d.venue_id, '') || CASE d.post WHEN '' THEN '' ELSE '/' || d.post END AS said
              FROM accounts.duty d WHERE d.staff_id = who) AS t
$$;

-- Those that stay keep who gave them, and when. `role` and `venue_ids`: what the release before duties reads.
CREATE FUNCTION accounts.write_duties(who bigint, roles text[], venues bigint[], posts text[], at_instant timestamptz, actor text)
    RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF cardinality(roles) > 400 THEN
        RAISE EXCEPTION 'too many duties' USING ERRCODE = 'check_violation';
    END IF;
    DELETE FROM accounts.duty d
     WHERE d.staff_id = who
       AND NOT EXISTS (SELECT FROM unnest(roles, venues, posts) AS n (role, venue_id, post)
                        WHERE n.role = d.role AND n.venue_id IS NOT DISTINCT FROM d.venue_id AND n.post = d.post);
    INSERT INTO accounts.duty (staff_id, role, venue_id, post, granted_at, granted_by)
    SELECT who, n.role, n.venue_id, n.post, at_instant, actor
      FROM unnest(roles, venues, posts) AS n (role, venue_id, post)
    ON CONFLICT DO NOTHING;
    UPDATE accounts.staff s
       SET role = CASE WHEN 'administrator' = ANY(roles) THEN 'admin' WHEN 'operator' = ANY(roles) THEN 'operator' ELSE 'gate' END,
           venue_ids = CASE WHEN array_position(venues, NULL) IS NOT NULL THEN '{}'
                            ELSE ARRAY(SELECT DISTINCT v FROM unnest(venues) AS v ORDER BY v) END
     WHERE s.id = who;
END
$$;

CREATE FUNCTION accounts.end_staff_logins(who bigint, at_instant timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE accounts.half_login h SET ended_at = at_instant WHERE h.staff_id = who AND h.ended_at IS NULL;
    UPDATE accounts.login l SET ended_at = at_instant WHERE l.staff_id = who AND l.ended_at IS NULL;
END
$$;

-- Nothing that somebody proved themselves with before is good: second factors, recovery codes, PINs; they are signed out.
CREATE FUNCTION accounts.drop_proofs(acting bytea, actor text, at_instant timestamptz, who bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    dropped bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashint8extended(who, 49)); -- whoever adds a factor at this moment comes before, or is signed out
    UPDATE accounts.factor f SET removed_at = at_instant, sealed = ''::bytea WHERE f.staff_id = who AND f.removed_at IS NULL;
    GET DIAGNOSTICS dropped = ROW_COUNT;
    UPDATE accounts.recovery_code c SET ended_at = at_instant WHERE c.staff_id = who AND c.used_at IS NULL AND c.ended_at IS NULL;
    IF dropped > 0 THEN
        PERFORM accounts.note_staff(acting, actor, at_instant, 'factor.reset', who, jsonb_build_object('factors', dropped));
    END IF;
    DELETE FROM accounts.clerk_pin p WHERE p.staff_id = who;
    PERFORM accounts.end_staff_logins(who, at_instant);
END
$$;

-- Somebody joins, or comes back, perhaps another person under the same name. Their id; NULL: nobody acts (as above).
CREATE FUNCTION accounts.hire_staff(acting bytea, by_name text, at_instant timestamptz, new_login text, new_hash text, new_name text,
                                    roles text[], venues bigint[], posts text[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    actor text := accounts.administrator(acting, by_name, at_instant);
    hired bigint;
BEGIN
    IF actor IS NULL THEN
        RETURN NULL;
    END IF;
    IF cardinality(roles) = 0 OR length(new_login) NOT BETWEEN 1 AND 64 THEN
        RAISE EXCEPTION 'a login of 1 to 64 characters, and what they are there for' USING ERRCODE = 'check_violation';
    END IF;
    PERFORM accounts.require_venues(acting, venues);
    PERFORM accounts.require_password(acting, new_hash);
    INSERT INTO accounts.staff AS s (login, password_hash, display_name, role, is_active, is_demo)
    VALUES (new_login, new_hash, new_name, 'gate', true, false)
    ON CONFLICT (login) DO UPDATE
       SET password_hash = excluded.password_hash, display_name = excluded.display_name, is_active = true, is_demo = false,
           devices_from = at_instant, tries_from = at_instant
     WHERE NOT s.is_active
    RETURNING s.id INTO hired;
    IF hired IS NULL THEN
        RAISE EXCEPTION 'there is such a login' USING ERRCODE = 'unique_violation';
    END IF;
    PERFORM accounts.drop_proofs(acting, actor, at_instant, hired);
    PERFORM accounts.write_duties(hired, roles, venues, posts, at_instant, actor);
    PERFORM accounts.note_staff(acting, actor, at_instant, 'staff.hired', hired, accounts.duties_said(hired));
    RETURN hired;
END
$$;

-- Everything that somebody holds from now on, by whoever administers all that they hold and shall hold. Whoever loses a duty is
-- signed out, and whoever `signs_out` says. False: nobody acts.
CREATE FUNCTION accounts.set_staff_duties(acting bytea, by_name text, at_instant timestamptz, who bigint,
                                          roles text[], venues bigint[], posts text[], signs_out boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    actor text := accounts.administrator_of(who, acting, by_name, at_instant);
    was_administrator boolean;
    touched bigint[];
    is_less boolean;
BEGIN
    IF actor IS NULL THEN
        RETURN false;
    END IF;
    PERFORM FROM accounts.staff s WHERE s.id = who FOR UPDATE;
    WITH held AS (
        SELECT d.role, d.venue_id, d.post FROM accounts.duty d WHERE d.staff_id = who
    ), becomes AS (
        SELECT n.role, n.venue_id, n.post FROM unnest(roles, venues, posts) AS n (role, venue_id, post)
    ), changed AS (
        SELECT h.venue_id, true AS is_lost FROM (SELECT * FROM held EXCEPT SELECT * FROM becomes) AS h
        UNION ALL
        SELECT n.venue_id, false FROM (SELECT * FROM becomes EXCEPT SELECT * FROM held) AS n
    )
    SELECT array_agg(c.venue_id), coalesce(bool_or(c.is_lost), false) INTO touched, is_less FROM changed c;
    PERFORM accounts.require_venues(acting, touched);
    was_administrator := accounts.administers_all(who);
    PERFORM accounts.write_duties(who, roles, venues, posts, at_instant, actor);
    IF was_administrator AND NOT accounts.administers_all(who) THEN
        PERFORM accounts.require_an_administrator();
    END IF;
    IF is_less OR signs_out THEN
        PERFORM accounts.end_staff_logins(who, at_instant);
    END IF;
    PERFORM accounts.note_staff(acting, actor, at_instant, 'staff.duties_set', who, accounts.duties_said(who));
    RETURN true;
END
$$;

-- Somebody leaves: what they are signed in with ends. False: nobody acts.
CREATE FUNCTION accounts.retire_staff(acting bytea, by_name text, at_instant timestamptz, who bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    actor text := accounts.administrator_of(who, acting, by_name, at_instant);
    was_administrator boolean := accounts.administers_all(who);
BEGIN
    IF actor IS NULL THEN
        RETURN false;
    END IF;
    UPDATE accounts.staff s SET is_active = false WHERE s.id = who;
    IF was_administrator THEN
        PERFORM accounts.require_an_administrator();
    END IF;
    PERFORM accounts.end_staff_logins(who, at_instant);
    PERFORM accounts.note_staff(acting, actor, at_instant, 'staff.retired', who, '{}');
    RETURN true;
END
$$;

-- A new password, and nothing else that proved them before; they are unlocked. False: nobody acts.
CREATE FUNCTION accounts.reset_staff(acting bytea, by_name text, at_instant timestamptz, who bigint, new_hash text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    actor text := accounts.administrator_of(who, acting, by_name, at_instant);
BEGIN
    IF actor IS NULL THEN
        RETURN false;
    END IF;
    PERFORM accounts.require_password(acting, new_hash);
    UPDATE accounts.staff s SET password_hash = new_hash, is_demo = false, devices_from = at_instant, tries_from = at_instant
     WHERE s.id = who AND s.is_active;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'they have left' USING ERRCODE = 'check_violation';
    END IF;
    PERFORM accounts.drop_proofs(acting, actor, at_instant, who);
    PERFORM accounts.note_staff(acting, actor, at_instant, 'staff.reset', who, accounts.duties_said(who));
    RETURN true;
END
$$;

-- Wrong passwords so far make them wait no longer. False: nobody acts.
CREATE FUNCTION accounts.unlock_staff(acting bytea, by_name text, at_instant timestamptz, who bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    actor text := accounts.administrator_of(who, acting, by_name, at_instant);
BEGIN
    IF actor IS NULL THEN
        RETURN false;
    END IF;
    UPDATE accounts.staff s SET tries_from = at_instant WHERE s.id = who;
    PERFORM accounts.note_staff(acting, actor, at_instant, 'staff.unlocked', who, '{}');
    RETURN true;
END
$$;

REVOKE EXECUTE ON FUNCTION accounts.administrator(bytea, text, timestamptz), accounts.require_venues(bytea, bigint[]),
    accounts.administrator_of(bigint, bytea, text, timestamptz),
    accounts.require_password(bytea, text),
    accounts.administers_all(bigint), accounts.require_an_administrator(), accounts.duties_said(bigint),
    accounts.note_staff(bytea, text, timestamptz, text, bigint, jsonb),
    accounts.write_duties(bigint, text[], bigint[], text[], timestamptz, text), accounts.end_staff_logins(bigint, timestamptz),
    accounts.drop_proofs(bytea, text, timestamptz, bigint),
    accounts.hire_staff(bytea, text, timestamptz, text, text, text, text[], bigint[], text[]),
    accounts.set_staff_duties(bytea, text, timestamptz, bigint, text[], bigint[], text[], boolean),
    accounts.retire_staff(bytea, text, timestamptz, bigint), accounts.reset_staff(bytea, text, timestamptz, bigint, text),
    accounts.unlock_staff(bytea, text, timestamptz, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    accounts.hire_staff(bytea, text, timestamptz, text, text, text, text[], bigint[], text[]),
    accounts.set_staff_duties(bytea, text, timestamptz, bigint, text[], bigint[], text[], boolean),
    accounts.retire_staff(bytea, text, timestamptz, bigint), accounts.reset_staff(bytea, text, timestamptz, bigint, text),
    accounts.unlock_staff(bytea, text, timestamptz, bigint) TO wenyue_app;
