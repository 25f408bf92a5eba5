-- What administrators do with the staff is told by the monitor, whoever did it and in whatever way: so the functions that do it
-- (migration 0057) also write it down where the monitor finds it without going through the record, which is as long as all that
-- ever happened. The application can write, change and leave out as little of it as of the record. A week of it is kept.
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

-- As before; besides, what is told. The record says of a hire and of a reset the same: who they are and what they hold from now on.
CREATE OR REPLACE FUNCTION accounts.note_staff(acting bytea, actor text, at_instant timestamptz, what text, who bigint, said jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO audit.entry (at, actor, action, subject, detail)
    VALUES (CASE WHEN acting IS NULL THEN at_instant ELSE clock_timestamp() END, actor,
            CASE WHEN what IN ('staff.hired', 'staff.reset') THEN 'staff.saved' ELSE what END, 'staff:' || who, said);
    DELETE FROM accounts.staff_act a WHERE a.at < clock_timestamp() - interval '7 days';
    INSERT INTO accounts.staff_act (at, what, staff_id, actor)
    SELECT clock_timestamp(), what, who, actor WHERE what IN ('staff.hired', 'staff.reset', 'staff.duties_set', 'staff.retired')
$$;

-- As before, but that it says which of the two it is.
CREATE OR REPLACE FUNCTION accounts.hire_staff(acting bytea, by_name text, at_instant timestamptz, new_login text, new_hash text, new_name text,
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

CREATE OR REPLACE FUNCTION accounts.reset_staff(acting bytea, by_name text, at_instant timestamptz, who bigint, new_hash text) RETURNS boolean
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
