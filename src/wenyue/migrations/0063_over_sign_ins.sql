-- What sign-ins leave behind goes once it is over: half logins and codes for gate devices that nobody used after a day, logins
-- after thirty. Whoever speaks as the application can drop nothing earlier. At most `most` of each; how many went in all.
CREATE FUNCTION accounts.drop_over(most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH halves AS (
        DELETE FROM accounts.half_login WHERE token_hash IN (
            SELECT h.token_hash FROM accounts.half_login h
             WHERE h.until < clock_timestamp() - interval '1 day' LIMIT least(most, 10000) FOR UPDATE SKIP LOCKED)
        RETURNING 1
    ), codes AS (
        DELETE FROM accounts.gate_device WHERE id IN (
            SELECT d.id FROM accounts.gate_device d
             WHERE d.enrolled_at IS NULL AND d.code_until < clock_timestamp() - interval '1 day'
             LIMIT least(most, 10000) FOR UPDATE SKIP LOCKED)
        RETURNING 1
    ), logins AS (
        DELETE FROM accounts.login WHERE token_hash IN (
            SELECT l.token_hash FROM accounts.login l
             WHERE least(l.ended_at, l.expires_at) < clock_timestamp() - interval '30 days'
             LIMIT least(most, 10000) FOR UPDATE SKIP LOCKED)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM halves) + (SELECT count(*) FROM codes) + (SELECT count(*) FROM logins)
$$;
REVOKE EXECUTE ON FUNCTION accounts.drop_over(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts.drop_over(integer) TO wenyue_app;
