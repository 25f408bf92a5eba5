-- A member of staff chooses their own password, by the login that they act with: what it begins elsewhere ends. A login that a PIN
-- began chooses none. As for every password that the application stores, its key and its owner are in it (accounts.require_password).
CREATE FUNCTION accounts.choose_password(acting bytea, at_instant timestamptz, new_hash text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    who bigint;
BEGIN
    SELECT s.id INTO who FROM accounts.login l JOIN accounts.staff s ON s.id = l.staff_id AND s.is_active
     WHERE l.token_hash = acting AND l.ended_at IS NULL AND l.expires_at > at_instant AND l.device_id IS NULL
       AND (l.idle_min IS NULL OR l.used_at > at_instant - make_interval(mins => l.idle_min));
    IF who IS NULL THEN
        RETURN false;
    END IF;
    PERFORM accounts.require_password(acting, new_hash);
    UPDATE accounts.staff s SET password_hash = new_hash, is_demo = false WHERE s.id = who;
    UPDATE accounts.login l SET ended_at = at_instant
     WHERE l.staff_id = who AND l.ended_at IS NULL AND l.token_hash <> acting;
    INSERT INTO audit.entry (at, actor, action, subject)
    VALUES (clock_timestamp(), 'staff:' || who, 'staff.password_chosen', 'staff:' || who);
    RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION accounts.choose_password(bytea, timestamptz, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts.choose_password(bytea, timestamptz, text) TO wenyue_app;
