-- A login begins in the transaction that checked the password, under a lock on the row it was checked against: a new password and
-- a departure change that row before they end logins. The application may not change staff, so it may not lock them by itself.
CREATE FUNCTION accounts.lock_staff(who bigint, was text)
    RETURNS TABLE (display_name text, role text, venue_ids bigint[])
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.display_name, s.role, s.venue_ids FROM accounts.staff s
     WHERE s.id = who AND s.password_hash = was AND s.is_active
       FOR SHARE
$$;
REVOKE EXECUTE ON FUNCTION accounts.lock_staff(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts.lock_staff(bigint, text) TO wenyue_app;

-- A proof to be a holder is good for the login that it began and for the cards that were frozen when it was made, once for each.
-- Proofs from before this name no login and no card: nothing comes of them any more.
ALTER TABLE cards.recovery ADD COLUMN login_hash bytea,         -- of the login's token; NULL at the counter
                           ADD COLUMN card_ids bigint[] NOT NULL DEFAULT '{}';  -- a card leaves it by a new number, or thawed
