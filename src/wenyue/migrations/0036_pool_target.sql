-- A cap below what is sold: `held + sold <= capacity` stays. The pool has a target, is closed, and its capacity follows down
-- with every place given back, until the target is reached; then it is open again.
ALTER TABLE booking.pool ADD COLUMN target integer;
ALTER TABLE booking.pool ADD CONSTRAINT pool_target_in_range CHECK (target IS NULL OR target BETWEEN 0 AND 10000000) NOT VALID;
ALTER TABLE booking.pool VALIDATE CONSTRAINT pool_target_in_range;

-- Whoever moves the counters (bookings, imports, a restore's repair) brings the capacity down with them.
CREATE FUNCTION booking.follow_target() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.capacity := least(OLD.capacity, greatest(NEW.target, NEW.held + NEW.sold));  -- never up: the CHECK has the last word
    IF NEW.capacity = NEW.target THEN
        NEW.target := NULL;
        NEW.revision := NEW.revision + 1;
        NEW.is_open := NEW.kind <> 'session' OR EXISTS (
            SELECT FROM booking.slot s
             WHERE s.product_id = NEW.product_id AND s.on_date = NEW.on_date AND s.starts_at = NEW.starts_at AND s.is_open);
        INSERT INTO audit.entry (at, actor, action, subject, detail)
        VALUES (clock_timestamp(), 'system:database', 'pool.target_reached', 'pool:' || NEW.id,
                jsonb_build_object('capacity', NEW.capacity));
    END IF;
    RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION booking.follow_target() FROM PUBLIC;

CREATE TRIGGER pool_follows_target
    BEFORE UPDATE ON booking.pool
    FOR EACH ROW
    WHEN (OLD.target IS NOT NULL AND NEW.target IS NOT DISTINCT FROM OLD.target)
    EXECUTE FUNCTION booking.follow_target();

-- As before; a target that is not given is taken back.
CREATE OR REPLACE FUNCTION booking.set_capacities(pools json) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH wanted AS (
        SELECT w.id, w.capacity, w.is_open, w.target
          FROM json_to_recordset(pools) AS w(id bigint, capacity integer, is_open boolean, target integer)
         WHERE w.capacity BETWEEN 0 AND 10000000
    ), was AS (
        SELECT p.id, p.capacity, p.target FROM booking.pool p JOIN wanted USING (id)
    ), changed AS (
        UPDATE booking.pool p
           SET capacity = w.capacity, target = w.target, is_open = coalesce(w.is_open, p.is_open), revision = p.revision + 1
          FROM wanted w WHERE w.id = p.id
        RETURNING p.id, p.capacity, p.target
    )
    INSERT INTO audit.entry (at, actor, action, subject, detail)
    SELECT clock_timestamp(), 'system:database', 'pool.capacity_set', 'pool:' || c.id,
           jsonb_strip_nulls(jsonb_build_object('from', was.capacity, 'to', c.capacity, 'target', c.target))
      FROM changed c JOIN was USING (id)
     WHERE was.capacity <> c.capacity OR was.target IS DISTINCT FROM c.target
     ORDER BY c.id
$$;
