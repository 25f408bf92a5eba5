-- The schemas get the names of their rooms: `emergency` becomes `waiting_room`, `watch` becomes `monitoring`. Processes of the
-- release before go on beside the new ones: under the old names they find a view of every table, which can be read and written,
-- and a function for every function. The next release drops both schemas (docs/adr/0042-two-packages.md).
-- Only the catalogue changes: no row is touched, and no table is locked against reading or writing.
ALTER SCHEMA emergency RENAME TO waiting_room;
ALTER SCHEMA watch RENAME TO monitoring;

-- A function's body is text and does not follow a new name.
CREATE OR REPLACE FUNCTION monitoring.beat(partner text, every_s integer, says text DEFAULT '') RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO monitoring.heartbeat AS h (partner, at, every_s, says)
    VALUES (beat.partner, clock_timestamp(), beat.every_s, left(beat.says, 200))
    ON CONFLICT (partner) DO UPDATE
       SET at = excluded.at, every_s = excluded.every_s, says = excluded.says, is_retired = false
$$;

CREATE SCHEMA emergency;
CREATE VIEW emergency.room AS TABLE waiting_room.room;
CREATE VIEW emergency.early AS TABLE waiting_room.early;
CREATE VIEW emergency.arrival AS TABLE waiting_room.arrival;
CREATE VIEW emergency.crowd AS TABLE waiting_room.crowd;
CREATE VIEW emergency.step AS TABLE waiting_room.step;
CREATE VIEW emergency.exchange AS TABLE waiting_room.exchange;
CREATE VIEW emergency.load_signal AS TABLE waiting_room.load_signal;

CREATE SCHEMA watch;
CREATE VIEW watch.heartbeat AS TABLE monitoring.heartbeat;
CREATE VIEW watch.node AS TABLE monitoring.node;
CREATE VIEW watch.turn AS TABLE monitoring.turn;
CREATE VIEW watch.pass AS TABLE monitoring.pass;
CREATE VIEW watch.alert AS TABLE monitoring.alert;
CREATE VIEW watch.silence AS TABLE monitoring.silence;
CREATE FUNCTION watch.beat(partner text, every_s integer, says text DEFAULT '') RETURNS void
LANGUAGE sql AS $$ SELECT monitoring.beat(partner, every_s, says) $$;
CREATE FUNCTION watch.jobs(OUT waiting bigint, OUT oldest_s double precision, OUT failed bigint, OUT abandoned bigint)
LANGUAGE sql STABLE AS $$ SELECT j.waiting, j.oldest_s, j.failed, j.abandoned FROM monitoring.jobs() AS j $$;
CREATE FUNCTION watch.standbys()
RETURNS TABLE (name text, state text, sync_state text, behind_bytes bigint, behind_s double precision)
LANGUAGE sql AS $$ SELECT s.name, s.state, s.sync_state, s.behind_bytes, s.behind_s FROM monitoring.standbys() AS s $$;
REVOKE EXECUTE ON FUNCTION watch.beat(text, integer, text), watch.jobs(), watch.standbys() FROM PUBLIC;

-- Whoever was granted something under the old names, also a partner's or a reporting role made by hand, keeps it under both.
DO $$
DECLARE s text;
BEGIN
    FOR s IN
        WITH renamed (old, new) AS (VALUES ('emergency', 'waiting_room'), ('watch', 'monitoring')),
        granted (privilege, kind, object, grantee) AS (
            SELECT a.privilege_type, 'SCHEMA', format('%I', r.old), a.grantee
              FROM renamed r JOIN pg_namespace n ON n.nspname = r.new, aclexplode(n.nspacl) AS a
             WHERE a.grantee <> n.nspowner
            UNION ALL
            SELECT a.privilege_type, 'TABLE', format('%I.%I', r.old, c.relname), a.grantee
              FROM renamed r JOIN pg_namespace n ON n.nspname = r.new JOIN pg_class c ON c.relnamespace = n.oid,
                   aclexplode(c.relacl) AS a
             WHERE c.relkind = 'r' AND a.grantee <> c.relowner
            UNION ALL
            SELECT format('%s (%I)', a.privilege_type, t.attname), 'TABLE', format('%I.%I', r.old, c.relname), a.grantee
              FROM renamed r JOIN pg_namespace n ON n.nspname = r.new JOIN pg_class c ON c.relnamespace = n.oid
              JOIN pg_attribute t ON t.attrelid = c.oid AND t.attnum > 0 AND NOT t.attisdropped,
                   aclexplode(t.attacl) AS a
             WHERE c.relkind = 'r' AND a.grantee <> c.relowner
            UNION ALL
            SELECT a.privilege_type, 'FUNCTION',
                   format('%I.%I(%s)', r.old, p.proname, pg_get_function_identity_arguments(p.oid)), a.grantee
              FROM renamed r JOIN pg_namespace n ON n.nspname = r.new JOIN pg_proc p ON p.pronamespace = n.oid,
                   aclexplode(p.proacl) AS a
             WHERE a.grantee <> p.proowner
        )
        SELECT format('GRANT %s ON %s %s TO %s', privilege, kind, object,
                      CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
          FROM granted
    LOOP
        EXECUTE s;
    END LOOP;
END $$;
