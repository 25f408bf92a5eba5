-- name: every
-- One page of active venues by province and kind, in id order after a cursor.
SELECT id, code, kind, name, province, city, latitude, longitude, level, timezone, tags, summary, source, is_demo,
       is_active, aliases, facts
FROM catalogue.venue
WHERE is_active AND id > %(after)s
  AND (%(province)s::text IS NULL OR province = %(province)s)
  AND (%(kind)s::text IS NULL OR kind = %(kind)s)
ORDER BY id
LIMIT %(limit)s

-- name: found
-- One page of active venues that a query finds, in stages: a later one is only asked when those before it do not fill the page.
WITH hit AS (
    (SELECT id, 0 AS stage FROM catalogue.venue
      WHERE is_active AND search @@ %(query_0)s::tsquery AND id > %(after_0)s
        AND (%(province)s::text IS NULL OR province = %(province)s) AND (%(kind)s::text IS NULL OR kind = %(kind)s)
      ORDER BY id LIMIT %(limit)s)
    UNION ALL
    (SELECT id, 1 AS stage FROM catalogue.venue
      WHERE is_active AND search @@ %(query_1)s::tsquery AND id > %(after_1)s
        AND (%(province)s::text IS NULL OR province = %(province)s) AND (%(kind)s::text IS NULL OR kind = %(kind)s)
      ORDER BY id LIMIT %(limit)s)
    UNION ALL
    (SELECT id, 2 AS stage FROM catalogue.venue
      WHERE is_active AND search @@ %(query_2)s::tsquery AND id > %(after_2)s
        AND (%(province)s::text IS NULL OR province = %(province)s) AND (%(kind)s::text IS NULL OR kind = %(kind)s)
      ORDER BY id LIMIT %(limit)s)
    UNION ALL
    (SELECT id, 3 AS stage FROM catalogue.venue
      WHERE is_active AND search @@ %(query_3)s::tsquery AND id > %(after_3)s
        AND (%(province)s::text IS NULL OR province = %(province)s) AND (%(kind)s::text IS NULL OR kind = %(kind)s)
      ORDER BY id LIMIT %(limit)s)
    UNION ALL
    (SELECT id, 4 AS stage FROM catalogue.venue
      WHERE is_active AND search @@ %(query_4)s::tsquery AND id > %(after_4)s
        AND (%(province)s::text IS NULL OR province = %(province)s) AND (%(kind)s::text IS NULL OR kind = %(kind)s)
      ORDER BY id LIMIT %(limit)s)
    UNION ALL
    (SELECT id, 5 AS stage FROM catalogue.venue
      WHERE is_active AND search @@ %(query_5)s::tsquery AND id > %(after_5)s
        AND (%(province)s::text IS NULL OR province = %(province)s) AND (%(kind)s::text IS NULL OR kind = %(kind)s)
      ORDER BY id LIMIT %(limit)s)
    UNION ALL
    (SELECT id, 6 AS stage FROM catalogue.venue
      WHERE is_active AND search @@ %(query_6)s::tsquery AND id > %(after_6)s
        AND (%(province)s::text IS NULL OR province = %(province)s) AND (%(kind)s::text IS NULL OR kind = %(kind)s)
      ORDER BY id LIMIT %(limit)s)
    UNION ALL
    (SELECT id, 7 AS stage FROM catalogue.venue
      WHERE is_active AND search @@ %(query_7)s::tsquery AND id > %(after_7)s
        AND (%(province)s::text IS NULL OR province = %(province)s) AND (%(kind)s::text IS NULL OR kind = %(kind)s)
      ORDER BY id LIMIT %(limit)s)
    LIMIT %(limit)s)
SELECT v.id, v.code, v.kind, v.name, v.province, v.city, v.latitude, v.longitude, v.level, v.timezone, v.tags, v.summary,
       v.source, v.is_demo, v.is_active, v.aliases, v.facts, hit.stage
FROM hit JOIN catalogue.venue v ON v.id = hit.id
ORDER BY hit.stage, v.id

-- name: found_ids
-- The ids of active venues that a query finds, the best first, in stages: a later one is only asked when those before it do not
-- fill the limit.
SELECT hit.id
FROM (
    (SELECT id, 0 AS stage FROM catalogue.venue WHERE is_active AND search @@ %(query_0)s::tsquery
      ORDER BY id LIMIT %(limit)s)
    UNION ALL
    (SELECT id, 1 AS stage FROM catalogue.venue WHERE is_active AND search @@ %(query_1)s::tsquery
      ORDER BY id LIMIT %(limit)s)
    UNION ALL
    (SELECT id, 2 AS stage FROM catalogue.venue WHERE is_active AND search @@ %(query_2)s::tsquery
      ORDER BY id LIMIT %(limit)s)
    UNION ALL
    (SELECT id, 3 AS stage FROM catalogue.venue WHERE is_active AND search @@ %(query_3)s::tsquery
      ORDER BY id LIMIT %(limit)s)
    UNION ALL
    (SELECT id, 4 AS stage FROM catalogue.venue WHERE is_active AND search @@ %(query_4)s::tsquery
      ORDER BY id LIMIT %(limit)s)
    UNION ALL
    (SELECT id, 5 AS stage FROM catalogue.venue WHERE is_active AND search @@ %(query_5)s::tsquery
      ORDER BY id LIMIT %(limit)s)
    UNION ALL
    (SELECT id, 6 AS stage FROM catalogue.venue WHERE is_active AND search @@ %(query_6)s::tsquery
      ORDER BY id LIMIT %(limit)s)
    UNION ALL
    (SELECT id, 7 AS stage FROM catalogue.venue WHERE is_active AND search @@ %(query_7)s::tsquery
      ORDER BY id LIMIT %(limit)s)
    LIMIT %(limit)s) AS hit
ORDER BY hit.stage, hit.id

-- name: alike
-- Active venues that have something of a query in their names or place, those with most of it first.
SELECT id, search_names
FROM catalogue.venue
WHERE is_active AND search @@ %(query)s::tsquery
ORDER BY ts_rank(search, %(query)s::tsquery) DESC, id
LIMIT %(limit)s

-- name: unfilled
-- Venues whose search text waits to be written, or was written by older rules; others may work on the rest.
SELECT id, name, province, city, aliases, summary
FROM catalogue.venue
WHERE search_version < %(version)s
ORDER BY id
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED

-- name: fill
-- Writes what venues are found by.
UPDATE catalogue.venue v
SET search = w.search, search_names = w.search_names, search_version = w.search_version
FROM json_to_recordset(%(rows)s::json) AS w(id bigint, search tsvector, search_names text[], search_version smallint)
WHERE v.id = w.id

-- name: waiting
-- How many venues wait to be filled.
SELECT count(*) FROM catalogue.venue WHERE search_version < %(version)s
