-- name: venues_by_name
-- The active venues of a list of names, in whatever language.
SELECT id, code, kind, name, province, city, latitude, longitude, level, timezone, tags, summary, source, is_demo,
       is_active, aliases, facts
FROM catalogue.venue
WHERE is_active AND EXISTS (SELECT FROM jsonb_each_text(name) AS t WHERE t.value = ANY(%(names)s::text[]))
ORDER BY id
LIMIT %(limit)s

-- name: codes_of_source
-- The codes of active venues that a source brought.
SELECT code FROM catalogue.venue WHERE source = %(source)s AND is_active ORDER BY code

-- name: products_at
-- The products of venues, active or not.
SELECT id, venue_id, code, kind, name, price_minor, currency, policy_code, needs_visitors, person_rule,
       is_first_gate, is_active, source
FROM catalogue.product
WHERE venue_id = ANY(%(venue_ids)s::bigint[])
ORDER BY venue_id, id
LIMIT %(limit)s

-- name: products_of_source
-- The active products that a source brought, each with its venue's code.
SELECT v.code, p.code
FROM catalogue.product p JOIN catalogue.venue v ON v.id = p.venue_id
WHERE p.source = %(source)s AND p.is_active
ORDER BY v.code, p.code
LIMIT %(limit)s

-- name: count_venues
-- How many active venues there are.
SELECT count(*) FROM catalogue.venue WHERE is_active

-- name: count_products
-- How many active products active venues have.
SELECT count(*) FROM catalogue.product p JOIN catalogue.venue v ON v.id = p.venue_id WHERE p.is_active AND v.is_active

-- name: venues_of_provinces
-- An active attraction of each province, the first of it, among the first of all: for whoever only looks around.
SELECT v.id, v.code, v.kind, v.name, v.province, v.city, v.latitude, v.longitude, v.level, v.timezone, v.tags, v.summary,
       v.source, v.is_demo, v.is_active, v.aliases, v.facts
FROM (SELECT min(a.id) AS id
        FROM (SELECT id, province FROM catalogue.venue
               WHERE is_active AND kind = 'attraction' ORDER BY id LIMIT %(among)s) AS a
       GROUP BY a.province) AS first
JOIN catalogue.venue v ON v.id = first.id
ORDER BY v.id
LIMIT %(limit)s

-- name: provinces
-- Provinces that have active venues of a kind, with their number.
SELECT province, count(*)
FROM catalogue.venue
WHERE is_active AND province <> '' AND (%(kind)s::text IS NULL OR kind = %(kind)s)
GROUP BY province
ORDER BY province
LIMIT 1000

-- name: count_closures
-- How many closures of a venue stand that are not over.
SELECT count(*) FROM catalogue.closure WHERE venue_id = %(venue_id)s AND lifted_at IS NULL AND to_date >= %(today)s
