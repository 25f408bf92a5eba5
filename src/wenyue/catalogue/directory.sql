-- name: fingerprint
-- Changes whenever anything that the directory holds changes.
SELECT (SELECT coalesce(sum(hashtextextended(concat_ws('|', v.id, v.code, v.kind, v.province, v.city, v.latitude, v.longitude,
                                                       v.tags::text, v.is_active), 0)), 0) FROM catalogue.venue v)::text,
       (SELECT coalesce(sum(hashtextextended(concat_ws('|', p.id, p.venue_id, p.kind, p.is_first_gate, p.is_active), 0)), 0)
          FROM catalogue.product p)::text

-- name: entries
-- A part of all venues, active or not, in id order after a cursor: what lists are filtered and sorted by.
SELECT id, code, kind, province, city, latitude, longitude, tags, is_active
FROM catalogue.venue
WHERE id > %(after)s
ORDER BY id
LIMIT %(limit)s

-- name: offers
-- A part of all active products, in id order after a cursor.
SELECT id, venue_id, kind, is_first_gate
FROM catalogue.product
WHERE is_active AND id > %(after)s
ORDER BY id
LIMIT %(limit)s
