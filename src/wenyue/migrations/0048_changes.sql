-- Approvals: what an operator proposes, who else agreed, and what took effect by one person and was looked at afterwards.
CREATE SCHEMA changes;
GRANT USAGE ON SCHEMA changes TO wenyue_app;

CREATE TABLE changes.change (
    id           uuid PRIMARY KEY,                  -- minted by whoever proposes
    kind         text NOT NULL,                     -- which act
    venue_id     bigint,                            -- NULL: every venue
    effect       text NOT NULL CHECK (effect IN ('restricts', 'loosens')),
    request      jsonb NOT NULL,                    -- what the act is asked
    was          jsonb NOT NULL,                    -- the changed fields as they were shown
    sessions     integer NOT NULL,                  -- touched when it was proposed
    places     integer NOT NULL,
    money_minor  bigint NOT NULL,
    places_max bigint NOT NULL,                   -- stated bounds: beyond them it is proposed again
    money_minor_max bigint NOT NULL,
    reason       text NOT NULL,
    digest       text NOT NULL,                     -- of everything that whoever decides is shown
    proposed_by  text NOT NULL,
    proposed_at  timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    state        text NOT NULL CHECK (state IN ('waiting', 'applied', 'declined', 'withdrawn', 'expired', 'failed')),
    applies_at   timestamptz,                       -- takes effect by itself: one operator works alone
    decided_by   text NOT NULL DEFAULT '',
    decided_at   timestamptz,
    decision     text NOT NULL DEFAULT '',
    review_by    timestamptz,                       -- took effect by one person: somebody else looks until then
    reviewed_by  text NOT NULL DEFAULT '',
    reviewed_at  timestamptz,
    CHECK ((state = 'waiting') = (decided_at IS NULL)),
    -- What loosens takes effect by two persons, or after the delay where one works alone. The last guard.
    CONSTRAINT change_by_two CHECK (
        state <> 'applied' OR effect = 'restricts' OR (decided_by <> '' AND decided_by <> proposed_by)
        OR (applies_at IS NOT NULL AND decided_at >= applies_at)),
    CONSTRAINT change_reviewed_by_another CHECK (reviewed_at IS NULL OR reviewed_by <> proposed_by)
);
CREATE INDEX change_waiting_idx ON changes.change (expires_at) WHERE state = 'waiting';
CREATE INDEX change_review_idx ON changes.change (review_by) WHERE reviewed_at IS NULL AND review_by IS NOT NULL;
CREATE INDEX change_proposed_idx ON changes.change (proposed_at);

CREATE TABLE changes.declared (
    id           integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    is_one_operator boolean NOT NULL,
    declared_at  timestamptz NOT NULL DEFAULT now(),
    declared_by  text NOT NULL
);
INSERT INTO changes.declared (is_one_operator, declared_by) VALUES (false, 'system:migration');

-- For the monitor: what waits, without what it is about.
CREATE VIEW changes.waiting_v AS
SELECT c.id, c.kind, c.effect, c.proposed_by, c.proposed_at, c.expires_at, c.applies_at, c.review_by, c.state
  FROM changes.change c
 WHERE c.state = 'waiting' OR (c.review_by IS NOT NULL AND c.reviewed_at IS NULL);

-- Closures and prices are changed by whoever approved it in the console, as the application; each leaves its line in the record,
-- whatever the application says of it.
CREATE FUNCTION catalogue.announce_closure(venue bigint, product bigint, first date, last date, zh text, en text, of text)
    RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    added bigint;
BEGIN
    INSERT INTO catalogue.closure (venue_id, product_id, from_date, to_date, reason_zh, reason_en, source)
    SELECT venue, product, first, last, zh, en, of
     WHERE NOT EXISTS (
        SELECT 1 FROM catalogue.closure c
         WHERE c.venue_id = venue AND c.product_id IS NOT DISTINCT FROM product
           AND c.from_date = first AND c.to_date = last AND c.lifted_at IS NULL)
    RETURNING id INTO added;
    IF added IS NOT NULL THEN
        INSERT INTO audit.entry (at, actor, action, subject, detail)
        VALUES (clock_timestamp(), 'system:database', 'closure.announced', 'closure:' || added,
                jsonb_build_object('venue', venue, 'product', product, 'from', first, 'to', last));
    END IF;
    RETURN added;
END
$$;

CREATE FUNCTION catalogue.lift_closure(which bigint, at_instant timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE catalogue.closure c SET lifted_at = at_instant WHERE c.id = which AND c.lifted_at IS NULL;
    IF FOUND THEN
        INSERT INTO audit.entry (at, actor, action, subject)
        VALUES (clock_timestamp(), 'system:database', 'closure.lifted', 'closure:' || which);
    END IF;
    RETURN FOUND;
END
$$;

CREATE FUNCTION catalogue.set_prices(wanted json) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changed integer;
BEGIN
    WITH new AS (
        SELECT w.product_id, w.on_date, w.price_minor
          FROM json_to_recordset(wanted) AS w(product_id bigint, on_date date, price_minor bigint)
         WHERE w.price_minor BETWEEN 0 AND 1000000000
    ), was AS (
        SELECT p.product_id, p.on_date, p.price_minor FROM catalogue.price p JOIN new USING (product_id, on_date)
    ), done AS (
        INSERT INTO catalogue.price AS p (product_id, on_date, price_minor)
        SELECT n.product_id, n.on_date, n.price_minor FROM new n
        ON CONFLICT (product_id, on_date) DO UPDATE SET price_minor = excluded.price_minor
           WHERE p.price_minor <> excluded.price_minor
        RETURNING product_id, on_date, price_minor
    ), told AS (
        INSERT INTO audit.entry (at, actor, action, subject, detail)
        SELECT clock_timestamp(), 'system:database', 'price.set', 'product:' || d.product_id,
               jsonb_object_agg(d.on_date, jsonb_build_array(was.price_minor, d.price_minor))
          FROM done d LEFT JOIN was USING (product_id, on_date)
         GROUP BY d.product_id
    )
    SELECT count(*) INTO changed FROM done;
    RETURN changed;
END
$$;

REVOKE EXECUTE ON FUNCTION catalogue.announce_closure(bigint, bigint, date, date, text, text, text),
    catalogue.lift_closure(bigint, timestamptz), catalogue.set_prices(json) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION catalogue.announce_closure(bigint, bigint, date, date, text, text, text),
    catalogue.lift_closure(bigint, timestamptz), catalogue.set_prices(json) TO wenyue_app;
