-- name: venue
-- One venue by its code, active or not.
SELECT id, code, kind, name, province, city, latitude, longitude, level, timezone, tags, summary, source, is_demo,
       is_active, aliases, facts
FROM catalogue.venue
WHERE code = %(code)s

-- name: venues_by_id
-- The venues of a list of ids.
SELECT id, code, kind, name, province, city, latitude, longitude, level, timezone, tags, summary, source, is_demo,
       is_active, aliases, facts
FROM catalogue.venue
WHERE id = ANY(%(ids)s::bigint[])
ORDER BY id

-- name: venues_by_code
-- The venues of a list of codes.
SELECT id, code, kind, name, province, city, latitude, longitude, level, timezone, tags, summary, source, is_demo,
       is_active, aliases, facts
FROM catalogue.venue
WHERE code = ANY(%(codes)s::text[])
ORDER BY id

-- name: venues_by_place
-- The venues of a list of provinces (null: any) and names, active or not.
SELECT v.id, v.code, v.kind, v.name, v.province, v.city, v.latitude, v.longitude, v.level, v.timezone, v.tags, v.summary,
       v.source, v.is_demo, v.is_active, v.aliases, v.facts
FROM catalogue.venue v
JOIN json_to_recordset(%(places)s::json) AS w(province text, name text)
  ON v.province = coalesce(w.province, v.province) AND v.name ->> 'zh-CN' = w.name
ORDER BY v.id

-- name: upsert_venues
-- run by: owner
-- Makes or updates venues by code, with what they are found by; an unchanged venue is not rewritten.
INSERT INTO catalogue.venue AS v (code, kind, name, province, city, latitude, longitude, level, timezone, tags,
                                  summary, source, is_demo, is_active, aliases, facts, search, search_names,
                                  search_version)
SELECT w.code, w.kind, w.name, w.province, w.city, w.latitude, w.longitude, w.level, w.timezone, w.tags, w.summary,
       w.source, w.is_demo, w.is_active, w.aliases, w.facts, w.search, w.search_names, w.search_version
FROM json_to_recordset(%(rows)s::json) AS w(
    code text, kind text, name jsonb, province text, city text, latitude double precision,
    longitude double precision, level text, timezone text, tags text[], summary jsonb,
    source text, is_demo boolean, is_active boolean, aliases text[], facts jsonb, search tsvector,
    search_names text[], search_version smallint)
ON CONFLICT (code) DO UPDATE
SET kind = excluded.kind, name = excluded.name, province = excluded.province, city = excluded.city, latitude =
    excluded.latitude, longitude = excluded.longitude, level = excluded.level, timezone = excluded.timezone, tags =
    excluded.tags, summary = excluded.summary, source = excluded.source, is_demo = excluded.is_demo, is_active =
    excluded.is_active, aliases = excluded.aliases, facts = excluded.facts, search = excluded.search, search_names = excluded.search_names,
    search_version = excluded.search_version
WHERE (v.kind, v.name, v.province, v.city, v.latitude, v.longitude, v.level, v.timezone, v.tags, v.summary, v.source,
       v.is_demo, v.is_active, v.aliases, v.facts, v.search, v.search_names, v.search_version)
   IS DISTINCT FROM
      (excluded.kind, excluded.name, excluded.province, excluded.city, excluded.latitude, excluded.longitude,
       excluded.level, excluded.timezone, excluded.tags, excluded.summary, excluded.source, excluded.is_demo,
       excluded.is_active, excluded.aliases, excluded.facts, excluded.search, excluded.search_names, excluded.search_version)

-- name: venue_ids
-- The ids of venue codes.
SELECT code, id FROM catalogue.venue WHERE code = ANY(%(codes)s::text[])

-- name: opening_hours
-- A venue's week.
SELECT venue_id, weekday, opens, closes, last_entry
FROM catalogue.opening_hours
WHERE venue_id = %(venue_id)s
ORDER BY weekday
LIMIT 7

-- name: weeks
-- The weeks of venues.
SELECT venue_id, weekday, opens, closes, last_entry
FROM catalogue.opening_hours
WHERE venue_id = ANY(%(venue_ids)s::bigint[])
ORDER BY venue_id, weekday

-- name: clear_weeks
-- run by: owner
-- Takes the weeks of venues away, for those that follow in the same transaction.
DELETE FROM catalogue.opening_hours WHERE venue_id = ANY(%(venue_ids)s::bigint[])

-- name: upsert_opening_hours
-- run by: owner
-- Sets weekdays of opening hours.
INSERT INTO catalogue.opening_hours (venue_id, weekday, opens, closes, last_entry)
SELECT w.venue_id, w.weekday, w.opens, w.closes, w.last_entry
FROM json_to_recordset(%(rows)s::json) AS w(venue_id bigint, weekday smallint, opens time, closes time, last_entry time)
ON CONFLICT (venue_id, weekday) DO UPDATE
SET opens = excluded.opens, closes = excluded.closes, last_entry = excluded.last_entry

-- name: products
-- A venue's active products.
SELECT id, venue_id, code, kind, name, price_minor, currency, policy_code, needs_visitors, person_rule,
       is_first_gate, is_active, source
FROM catalogue.product
WHERE venue_id = %(venue_id)s AND is_active
ORDER BY id
LIMIT 200

-- name: product
-- One product by id, active or not.
SELECT id, venue_id, code, kind, name, price_minor, currency, policy_code, needs_visitors, person_rule,
       is_first_gate, is_active, source
FROM catalogue.product
WHERE id = %(id)s

-- name: active_products
-- One page of all active products of active venues, in id order after a cursor.
SELECT p.id, p.venue_id, p.code, p.kind, p.name, p.price_minor, p.currency, p.policy_code,
       p.needs_visitors, p.person_rule, p.is_first_gate, p.is_active, p.source
FROM catalogue.product p JOIN catalogue.venue v ON v.id = p.venue_id
WHERE p.is_active AND v.is_active AND p.id > %(after)s
ORDER BY p.id
LIMIT %(limit)s

-- name: upsert_products
-- run by: owner
-- Makes or updates products by venue and code; an unchanged product is not rewritten.
INSERT INTO catalogue.product AS p (venue_id, code, kind, name, price_minor, currency, policy_code,
                                    needs_visitors, person_rule, is_first_gate, is_active, source)
SELECT w.venue_id, w.code, w.kind, w.name, w.price_minor, w.currency, w.policy_code,
       w.needs_visitors, w.person_rule, w.is_first_gate, w.is_active, w.source
FROM json_to_recordset(%(rows)s::json) AS w(
    venue_id bigint, code text, kind text, name jsonb, price_minor bigint, currency text,
    policy_code text, needs_visitors boolean, person_rule text, is_first_gate boolean, is_active boolean,
    source text)
ON CONFLICT (venue_id, code) DO UPDATE
SET kind = excluded.kind, name = excluded.name,
    price_minor = excluded.price_minor, currency = excluded.currency, policy_code = excluded.policy_code,
    needs_visitors = excluded.needs_visitors, person_rule = excluded.person_rule,
    is_first_gate = excluded.is_first_gate, is_active = excluded.is_active, source = excluded.source
WHERE (p.kind, p.name, p.price_minor, p.currency, p.policy_code, p.needs_visitors, p.person_rule,
       p.is_first_gate, p.is_active, p.source)
   IS DISTINCT FROM
      (excluded.kind, excluded.name, excluded.price_minor, excluded.currency,
       excluded.policy_code, excluded.needs_visitors, excluded.person_rule, excluded.is_first_gate,
       excluded.is_active, excluded.source)

-- name: currencies
-- The currencies in which venues sell.
SELECT venue_id, array_agg(DISTINCT currency)
FROM catalogue.product
WHERE venue_id = ANY(%(venue_ids)s::bigint[])
GROUP BY venue_id

-- name: product_ids
-- The ids of products by venue and code.
SELECT venue_id, code, id FROM catalogue.product WHERE venue_id = ANY(%(venue_ids)s::bigint[])

-- name: templates
-- The templates of products that are not over.
SELECT id, product_id, valid_from, valid_to, day_kind, weekdays, priority, day_capacity, sessions
FROM catalogue.calendar_template
WHERE product_id = ANY(%(product_ids)s::bigint[]) AND (valid_to IS NULL OR valid_to >= %(today)s)
ORDER BY product_id, id
LIMIT %(limit)s

-- name: upsert_templates
-- run by: owner
-- Makes templates; one that says the same period, kind of day, weekdays and priority is updated instead.
MERGE INTO catalogue.calendar_template AS t
USING (SELECT w.product_id, w.valid_from, w.valid_to, w.day_kind, w.weekdays, w.priority, w.day_capacity, w.sessions
       FROM json_to_recordset(%(rows)s::json) AS w(
           product_id bigint, valid_from date, valid_to date, day_kind text, weekdays smallint, priority smallint,
           day_capacity integer, sessions jsonb)) AS w
ON t.product_id = w.product_id AND t.valid_from = w.valid_from AND t.valid_to IS NOT DISTINCT FROM w.valid_to
   AND t.day_kind = w.day_kind AND t.weekdays = w.weekdays AND t.priority = w.priority
WHEN MATCHED AND (t.sessions, t.day_capacity) IS DISTINCT FROM (w.sessions, w.day_capacity) THEN
    UPDATE SET sessions = w.sessions, day_capacity = w.day_capacity
WHEN NOT MATCHED THEN
    INSERT (product_id, valid_from, valid_to, day_kind, weekdays, priority, day_capacity, sessions)
    VALUES (w.product_id, w.valid_from, w.valid_to, w.day_kind, w.weekdays, w.priority, w.day_capacity, w.sessions)

-- name: prices
-- Prices by date that differ from the products' own.
SELECT product_id, on_date, price_minor
FROM catalogue.price
WHERE product_id = ANY(%(product_ids)s::bigint[]) AND on_date BETWEEN %(from_day)s AND %(to_day)s
ORDER BY product_id, on_date
LIMIT %(limit)s

-- name: set_prices
-- Sets prices by date, through a function that writes each change into the record.
SELECT catalogue.set_prices(%(rows)s::json)

-- name: closures
-- Announced closures of venues that touch a range of dates and were not lifted.
SELECT id, venue_id, product_id, from_date, to_date, reason, source
FROM catalogue.closure
WHERE venue_id = ANY(%(venue_ids)s::bigint[]) AND lifted_at IS NULL
  AND from_date <= %(to_day)s AND to_date >= %(from_day)s
ORDER BY venue_id, from_date, id
LIMIT %(limit)s

-- name: closure
-- An announced closure that nobody lifted.
SELECT id, venue_id, product_id, from_date, to_date, reason, source
FROM catalogue.closure
WHERE id = %(id)s AND lifted_at IS NULL

-- name: add_closure
-- Announces a closure, through a function that writes it into the record; the very same one twice is one.
SELECT catalogue.announce_closure(%(venue_id)s, %(product_id)s, %(from_date)s, %(to_date)s, %(reason)s::jsonb,
                                  %(source)s)

-- name: lift_closure
-- Ends a closure, through a function that writes it into the record; lifting it twice keeps the first instant.
SELECT catalogue.lift_closure(%(id)s, %(now)s)
