-- What whoever speaks as the application could still do without a trace, or at all, although the application never needs it.

-- Who acted: the database's own functions and operators at a command act as the owner: the application cannot say it was them.
-- (Not validated: what was written before stays as it is.)
ALTER TABLE audit.entry ADD CONSTRAINT entry_actor_check
    CHECK (current_user <> 'wenyue_app' OR actor NOT IN ('system:database', 'operator:command', 'operator:restore')) NOT VALID;

-- The application signs staff in, after it checked a password that the database cannot check. Each such login leaves an entry
-- that the application neither writes nor can leave out. Travellers' logins pay nothing for it.
CREATE FUNCTION accounts.note_staff_login() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO audit.entry (at, actor, action, subject)
    VALUES (clock_timestamp(), 'system:database', 'login.staff_started', 'staff:' || NEW.staff_id);
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION accounts.note_staff_login() FROM PUBLIC;
CREATE TRIGGER login_of_staff AFTER INSERT ON accounts.login
    FOR EACH ROW WHEN (NEW.staff_id IS NOT NULL) EXECUTE FUNCTION accounts.note_staff_login();

-- A card becomes a person's once. Only an update that names these columns asks, which activation alone does.
CREATE FUNCTION cards.keep_holder() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'card %: it has a holder', OLD.id USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER card_keeps_holder BEFORE UPDATE OF holder_id, holder_key ON cards.card
    FOR EACH ROW WHEN (OLD.holder_id IS NOT NULL AND (NEW.holder_id, NEW.holder_key) IS DISTINCT FROM (OLD.holder_id, OLD.holder_key))
    EXECUTE FUNCTION cards.keep_holder();
