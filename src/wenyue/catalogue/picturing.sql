-- name: pictures
-- The pictures of venues in their order, with what files there are of each, without the files.
SELECT p.id, p.venue_id, p.digest, p.place, p.alt,
       (SELECT json_agg(json_build_object('form', f.form, 'width', f.width, 'height', f.height, 'digest', f.digest,
                                          'size', octet_length(f.body)) ORDER BY f.form, f.width)
          FROM catalogue.picture_file f WHERE f.picture_id = p.id) AS files
FROM catalogue.picture p
WHERE p.venue_id = ANY(%(venue_ids)s::bigint[])
  AND (NOT %(is_first)s OR p.id = (SELECT q.id FROM catalogue.picture q WHERE q.venue_id = p.venue_id
                                   ORDER BY q.place, q.id LIMIT 1))
ORDER BY p.venue_id, p.place, p.id
LIMIT 10000

-- name: picture_body
-- One file by its digest.
SELECT f.form, f.body FROM catalogue.picture_file f WHERE f.digest = %(digest)s LIMIT 1

-- name: lock_venue
-- run by: owner
-- The venue whose pictures change: one change after the other.
SELECT id FROM catalogue.venue WHERE id = %(venue_id)s FOR UPDATE

-- name: add_picture
-- run by: owner
-- Adds a picture behind the venue's others; the very same file again changes what is said of it at most.
INSERT INTO catalogue.picture AS p (venue_id, digest, place, alt, added_at)
SELECT %(venue_id)s, %(digest)s, coalesce(max(o.place), 0) + 1, %(alt)s::jsonb, %(now)s
FROM catalogue.picture o WHERE o.venue_id = %(venue_id)s
ON CONFLICT (venue_id, digest) DO UPDATE SET alt = excluded.alt
RETURNING id

-- name: add_picture_file
-- run by: owner
-- Adds one file of a picture.
INSERT INTO catalogue.picture_file (picture_id, form, width, height, digest, body)
VALUES (%(picture_id)s, %(form)s, %(width)s, %(height)s, %(digest)s, %(body)s)
ON CONFLICT (picture_id, form, width) DO NOTHING

-- name: remove_picture
-- run by: owner
-- Takes a picture and its files away.
DELETE FROM catalogue.picture WHERE id = %(id)s

-- name: place_pictures
-- run by: owner
-- Puts the pictures of a venue into this order.
UPDATE catalogue.picture p SET place = w.no
FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS w (id, no)
WHERE p.id = w.id AND p.venue_id = %(venue_id)s AND p.place <> w.no
