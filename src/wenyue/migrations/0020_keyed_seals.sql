-- Seals are keyed from now on: a chain that was recomputed without the key is found. NULL: a link from before, by the old rule;
-- none may follow a keyed one.
ALTER TABLE audit.seal ADD COLUMN key_no integer CHECK (key_no >= 0);

-- The application adds the next link and no other: in order, and over settled transactions only, so that nothing it could add
-- keeps later entries from being sealed.
CREATE FUNCTION audit.add_seal(no bigint, upto xid8, entries integer, digest bytea, at timestamptz, key_no integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last_no bigint;
    last_upto xid8;
BEGIN
    SELECT s.no, s.upto_xid INTO last_no, last_upto FROM audit.seal s ORDER BY s.no DESC LIMIT 1;
    IF add_seal.no <> coalesce(last_no, 0) + 1 OR add_seal.upto <= coalesce(last_upto, '0'::xid8)
       OR add_seal.upto > pg_snapshot_xmin(pg_current_snapshot()) OR add_seal.key_no IS NULL THEN
        RAISE EXCEPTION 'seal % does not follow seal %', add_seal.no, last_no USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO audit.seal (no, upto_xid, entries, digest, at, key_no)
    VALUES (add_seal.no, add_seal.upto, add_seal.entries, add_seal.digest, add_seal.at, add_seal.key_no);
END $$;
REVOKE EXECUTE ON FUNCTION audit.add_seal(bigint, xid8, integer, bytea, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.add_seal(bigint, xid8, integer, bytea, timestamptz, integer) TO wenyue_app;
