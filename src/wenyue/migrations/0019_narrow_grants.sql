-- What the application may do is declared in grants/wenyue_app.sql, column by column, and applied after every migration.
-- A partner's sign of life is written with the owner's rights: whoever calls it needs none on the table.
ALTER FUNCTION watch.beat(text, integer, text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE EXECUTE ON FUNCTION watch.beat(text, integer, text) FROM PUBLIC;

-- A capacity is changed through this function only: whoever speaks as the application cannot change one without an entry in
-- the record. Bookings change `held` and `sold`, never this; their CHECK holds them below it.
CREATE FUNCTION booking.set_capacities(pools json) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH wanted AS (
        SELECT w.id, w.capacity, w.is_open FROM json_to_recordset(pools) AS w(id bigint, capacity integer, is_open boolean)
         WHERE w.capacity BETWEEN 0 AND 10000000
    ), was AS (
        SELECT p.id, p.capacity FROM booking.pool p JOIN wanted USING (id)
    ), changed AS (
        UPDATE booking.pool p
           SET capacity = w.capacity, is_open = coalesce(w.is_open, p.is_open), revision = p.revision + 1
          FROM wanted w WHERE w.id = p.id
        RETURNING p.id, p.capacity
    )
    INSERT INTO audit.entry (at, actor, action, subject, detail)
    SELECT clock_timestamp(), 'system:database', 'pool.capacity_set', 'pool:' || c.id,
           jsonb_build_object('from', was.capacity, 'to', c.capacity)
      FROM changed c JOIN was USING (id) WHERE was.capacity <> c.capacity ORDER BY c.id
$$;
REVOKE EXECUTE ON FUNCTION booking.set_capacities(json) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION booking.set_capacities(json) TO wenyue_app;
